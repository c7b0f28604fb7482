# A token's paths are patterns in base data.
package gate

default allow := false

allow if {
	some entry in data.tokens[input.token].paths
	input.method in entry.methods
	regex.match(entry.pattern, input.path)
}
