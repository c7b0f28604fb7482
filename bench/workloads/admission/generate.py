"""Mix: about half are admitted, the others have one to five reasons; 3.6 KB each."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

IMAGES = ["registry.example/shop/cart:1.4.2", "registry.example/shop/search:2.0.1", "mirror.example/library/nginx:1.25.3"]


def container(rng, name):
    limits = {"cpu": "500m", "memory": "256Mi"}
    if rng.random() < 0.1:
        del limits[rng.choice(["cpu", "memory"])]
    return {
        "name": name,
        "image": rng.choice(IMAGES) if rng.random() < 0.93 else "docker.io/someone/tool:latest",
        "args": ["--listen=0.0.0.0:8080", "--log-level=info", f"--shard={rng.randrange(64)}"],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "REGION", "value": rng.choice(["eu-west-1", "us-east-2", "ap-south-1"])},
        ],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"limits": limits, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
            "timeoutSeconds": 1,
            "failureThreshold": 3,
        },
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/config", "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp/scratch"},
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": rng.random() < 0.06,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def one(rng):
    uid = "%08x-%04x-4%03x-8%03x-%012x" % tuple(rng.randrange(16**n) for n in (8, 4, 3, 3, 12))
    app = rng.choice(["cart", "search", "checkout", "mailer"])
    labels = {"app": app, "owner": "team-shop", "cost-centre": "cc-4711", "pod-template-hash": "%08x" % rng.randrange(16**8)}
    if rng.random() < 0.12:
        del labels[rng.choice(["app", "owner", "cost-centre"])]
    namespace = rng.choice(["shop", "shop-staging", "search", "storage", "kube-system"])
    scratch = {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}
    if rng.random() < 0.12:
        scratch = {"name": "scratch", "hostPath": {"path": "/var/lib/scratch", "type": "Directory"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{app}-6c7d9f5b8-",
            "namespace": namespace,
            "labels": labels,
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": "8080",
                "checksum/config": "%064x" % rng.randrange(16**64),
            },
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": f"{app}-6c7d9f5b8",
                    "uid": "0b7c2b7e-6d0c-4c39-8d0b-2f8e9a2c1d11",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "containers": [container(rng, app), container(rng, "proxy")],
            "volumes": [{"name": "config", "configMap": {"name": f"{app}-config", "defaultMode": 420}}, scratch],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": app,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
            "schedulerName": "default-scheduler",
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            ],
            "priority": 0,
        },
        "status": {},
    }
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "name": "",
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "uid": "7a1bb1b8-3cd4-4a8a-8a0f-0d8a8e1f3a55",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            },
            "object": pod,
            "oldObject": None,
            "dryRun": False,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    }


seeded.write("admission", one)
