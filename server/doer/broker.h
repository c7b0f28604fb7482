/* The embedded lease broker: the part of Vault's API that a doer uses, over the same HTTP server.
 *
 *   POST, PUT /v1/auth/approle/login {"role_id","secret_id"}  -> {"auth":{"client_token",...}}
 *   GET  /v1/<mount>/creds/<role>    X-Vault-Token            -> {"lease_id","lease_duration",
 *                                                                 "data":{"token"}}
 *   PUT, POST /v1/sys/leases/revoke  {"lease_id","sync":true} -> 204
 *
 * Errors are {"errors":["..."]}. The mount is "tenant/<T>/<target>"; roles are those of
 * DOER_ROLES. A credential is a token that the directory makes for this lease and ends with it: the
 * broker asks with DIR/broker.token of the directory, which may do nothing else. The lease's last
 * piece is the token's id there, so the broker keeps no table: after a restart it revokes all the
 * same. A real Vault takes the broker's place by URL; then the doer holds no token of the directory
 * at all. */
#ifndef WRIT_SERVER_DOER_BROKER_H
#define WRIT_SERVER_DOER_BROKER_H

/* Role, scope of its credential at the directory. */
#define DOER_ROLES(X)                                                                              \
    X("read", "read")                                                                              \
    X("soft", "read write")                                                                        \
    X("hard", "read delete")                                                                       \
    X("reinstate", "read write")

#endif
