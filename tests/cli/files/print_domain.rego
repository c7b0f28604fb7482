package domain

p if {
	k := 1
	every _ in {1 | print(k)} { true }
}

q if {
	every _ in {1 | print("seen")} { true }
}
