# What a confidential host may start: each request must be one of the containers that were measured into the
# policy. The answer says what the host's state becomes, or why the request is refused.
package sandbox

default create_container := {"allowed": false, "reasons": ["no container fits"]}

create_container := {
	"allowed": true,
	"candidates": [fitting.id | some fitting in candidates],
	"state": {"started": array.concat(data.state.started, [input.name])},
	"environment": kept_environment,
} if {
	not started
	count(candidates) > 0
}

create_container := {"allowed": false, "reasons": sort(reasons)} if {
	count(reasons) > 0
	refused
}

refused if started

refused if count(candidates) == 0

started if input.name in data.state.started

candidates := [container |
	some container in data.containers
	layers_fit(container)
	command_fits(container.command)
	environment_fits(container.env)
	container.working_dir == input.working_dir
	mounts_fit(container.mounts)
	capabilities_fit(container.capabilities)
	user_fits(container)
	privileges_fit(container.privileged)
]

layers := data.state.overlays[input.overlay]

layers_fit(container) if {
	count(layers) == count(container.layers)
	every i, layer in layers {
		container.layers[i] == layer
	}
}

command_fits(command) if command == input.command

environment_fits(rules) if {
	every rule in rules {
		present(rule)
	}
	every variable in input.env {
		some rule in rules
		variable_fits(variable, rule)
	}
}

present(rule) if not rule.required

present(rule) if {
	rule.required
	some variable in input.env
	variable_fits(variable, rule)
}

variable_fits(variable, rule) if {
	rule.kind == "string"
	variable == rule.pattern
}

variable_fits(variable, rule) if {
	rule.kind == "regex"
	regex.match(rule.pattern, variable)
}

mounts_fit(allowed) if {
	every mount in input.mounts {
		some rule in allowed
		mount_fits(mount, rule)
	}
}

mount_fits(mount, rule) if {
	mount.destination == rule.destination
	regex.match(concat("", ["^", rule.source, "$"]), mount.source)
	every option in mount.options {
		option in rule.options
	}
}

capabilities_fit(allowed) if {
	every capability in input.capabilities {
		capability in allowed
	}
}

user_fits(container) if container.user == input.user

privileges_fit(_) if not input.privileged

privileges_fit(allowed) if {
	input.privileged
	allowed
}

kept_environment := [variable |
	some variable in input.env
	not startswith(variable, "POD_")
]

reasons contains "already started" if started

reasons contains "no such overlay" if not layers

reasons contains "privileged" if {
	input.privileged
	every container in data.containers {
		not container.privileged
	}
}

reasons contains sprintf("capability %v", [capability]) if {
	some capability in input.capabilities
	every container in data.containers {
		not capability in container.capabilities
	}
}

reasons contains sprintf("variable %v", [name]) if {
	some variable in input.env
	every container in data.containers {
		not known_variable(variable, container.env)
	}
	name := split(variable, "=")[0]
}

reasons contains sprintf("mount at %v", [mount.destination]) if {
	some mount in input.mounts
	every container in data.containers {
		not known_mount(mount, container.mounts)
	}
}

reasons contains sprintf("command %v", [concat(" ", input.command)]) if {
	every container in data.containers {
		container.command != input.command
	}
}

reasons contains sprintf("working directory %v", [input.working_dir]) if {
	layers
	every container in data.containers {
		not at_home(container)
	}
}

known_variable(variable, rules) if {
	some rule in rules
	variable_fits(variable, rule)
}

known_mount(mount, rules) if {
	some rule in rules
	mount_fits(mount, rule)
}

at_home(container) if {
	container.layers == layers
	container.working_dir == input.working_dir
}
