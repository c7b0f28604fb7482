# The rule with the lowest priority among those that fit decides; without one the answer is deny.
package firewall

default decision := {"action": "deny", "rule": "default"}

decision := {"action": rule.action, "rule": rule.name} if {
	first := min(priorities)
	some rule in fitting
	rule.priority == first
}

priorities := {rule.priority | some rule in fitting}

fitting contains rule if {
	some rule in data.rules
	rule.direction == input.direction
	protocol_fits(rule.protocol)
	port_fits(rule.ports)
	net.cidr_contains(rule.source, input.source)
	net.cidr_contains(rule.destination, input.destination)
}

protocol_fits("*") := true

protocol_fits(protocol) if protocol == input.protocol

port_fits(ports) if {
	some span in ports
	input.port >= span.from
	input.port <= span.to
}
