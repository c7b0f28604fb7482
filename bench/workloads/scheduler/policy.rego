# Where a pod goes: nodes that can take it, ranked by what would be left and by how few of its kind are there.
package scheduler

default placement := {"allow": false}

placement := {"allow": true, "nodes": best, "score": top} if {
	count(scores) > 0
	top := max([score | some _, score in scores])
	best := [name | some name, score in scores; score == top]
}

used[node.name] := {"cpu": cpu, "memory": memory, "like": like} if {
	some node in input.nodes
	pods := [pod | some pod in input.pods; pod.node == node.name]
	cpu := sum([pod.cpu | some pod in pods])
	memory := sum([pod.memory | some pod in pods])
	like := count([1 | some pod in pods; pod.app == input.pod.app])
}

fitting contains node.name if {
	some node in input.nodes
	used[node.name].cpu + input.pod.cpu <= node.cpu
	used[node.name].memory + input.pod.memory <= node.memory
	selected(node)
	tolerated(node)
}

selected(node) if {
	every key, value in input.pod.selector {
		node.labels[key] == value
	}
}

tolerated(node) if {
	every taint in node.taints {
		taint in input.pod.tolerations
	}
}

scores[node.name] := score if {
	some node in input.nodes
	node.name in fitting
	free := ((node.cpu - used[node.name].cpu) - input.pod.cpu) * 100
	score := round(free / node.cpu) - (10 * used[node.name].like)
}
