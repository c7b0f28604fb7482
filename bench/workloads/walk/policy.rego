# The paths of all texts that look like secrets, however deep.
package trees

found contains path if {
	walk(input.document, [path, value])
	is_string(value)
	startswith(value, "secret:")
}
