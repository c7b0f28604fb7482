package t
p := 1 if input.x
p := 2 if true
q := 1/0
r := {1,2}
s contains x if some x in [1,2,3]
f(x) := y if { y := x / 0 }
