package a.b
import rego.v1
p contains x if some x in [3,1,2]
q[k] := v if some k, v in {"a": 1, "b": "x<y"}
f(x) := x + 1
g := f(input.n)
s := sum([1,2,3])
empty := []
h if { print("hi", input.n); true }
