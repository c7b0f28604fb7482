package x
import future.keywords.or
import future.keywords.not
p := $"a {x} b"
q := {k: v | some k, v in input}
r if { a or b }
s if { not { x } }
t := [x | x := 1]
