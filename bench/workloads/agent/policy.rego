# The agent inside a guest compares what it is told to start with what was agreed.
package agent

default CreateContainer := false

CreateContainer if {
	some template in data.templates
	template.path == input.path
	arguments_fit(template.args)
	environment_fits(template.env)
	mounts_fit(template.mounts)
	template.namespaces == input.namespaces
}

arguments_fit(patterns) if {
	count(patterns) == count(input.args)
	every i, pattern in patterns {
		regex.match(concat("", ["^", pattern, "$"]), input.args[i])
	}
}

environment_fits(patterns) if {
	every variable in input.env {
		some pattern in patterns
		regex.match(pattern, variable)
	}
}

mounts_fit(modes) if {
	every mount in input.mounts {
		modes[mount.at] == mount.mode
	}
}
