# Documents inside texts.
package texts

decoded contains {"id": document.id, "bytes": units.parse_bytes(document.size), "tags": json.marshal(document.tags)} if {
	some text in input.texts
	json.is_valid(text)
	document := json.unmarshal(text)
	semver.compare(document.version, "1.4.0") >= 0
}
