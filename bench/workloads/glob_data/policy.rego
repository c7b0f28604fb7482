# Globs that come with the data, over the labels of host names.
package matches

hosts contains host if {
	some host in input.hosts
	some pattern in data.globs
	glob.match(pattern, ["."], host)
}
