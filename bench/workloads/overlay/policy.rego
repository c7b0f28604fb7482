# An overlay may be mounted when its devices are, in their order, the layers of an allowed container.
package sandbox

default mount_overlay := {"allowed": false}

mount_overlay := {
	"allowed": true,
	"metadata": [
		{"name": "matches", "action": "add", "key": input.target, "value": [container.id | some container in fitting]},
		{"name": "overlays", "action": "add", "key": input.target, "value": hashes},
	],
} if {
	not data.state.overlays[input.target]
	count(fitting) > 0
}

hashes := [hash |
	some path in input.paths
	hash := data.state.devices[path]
]

fitting := [container |
	some container in data.containers
	count(container.layers) == count(input.paths)
	same_layers(container.layers)
]

same_layers(layers) if {
	every i, path in input.paths {
		data.state.devices[path] == layers[i]
	}
}
