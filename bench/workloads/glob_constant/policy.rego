# One glob over segments on a thousand paths.
package matches

found := count([path |
	some path in input.paths
	glob.match("/projects/*/files/**", ["/"], path)
])
