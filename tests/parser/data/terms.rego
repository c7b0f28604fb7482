package terms

p := [
	{}, [], set(), {1, 2, 1}, {"b": 1, "a": {"c": 2}},
	[x | x := input[_]], {x | input[x]}, {k: v | some k, v in input},
	[1 | 2, 3], {a | b, c}, {1: a | b, 2: c}, # unions, not comprehensions
]

q := `raw \n string`

r := "\u00e9\ud83d\ude00\n\t\"\\\/"

s := $"a {input.x} {"b"} \{c} {[1, 2]}"

t := $`x
{input.y}
z`

u if {
	count(input)
}

v if {
	(x)
	[0]
	every k, w in {"a": 1} { k != w; w <= 3 }
	every w in [1] {
		w
	}
	"a" in input.set
	"a", 1 in input.object
	f(x).y(1).z[0][a & b | c]
	x = y with input as {"a": 1} with data.b as 2
}

w := $"{q}$"

a := $"{q}$`{r}\""
