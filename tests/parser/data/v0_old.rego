package old

import future.keywords.in

p { input.a; 1 in [1] } { input.b }

q[x] { x := input.xs[_] }

r[k] = v { v := input[k] }

s = 1 { false } else = 2 { true }

f(x) = y { y := x }

t.u[v] { v := 1 }

if = 3
