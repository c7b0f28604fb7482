# A message for each slow or failed event outside the health check.
package texts

messages contains message if {
	some event in input.events
	not contains(event.path, "health")
	worth(event)
	message := sprintf("%v answered %d on %q after %v ms", [event.host, event.code, event.path, event.ms])
}

worth(event) if event.code >= 500

worth(event) if {
	event.ms > 3000
	startswith(event.path, "/admin")
}
