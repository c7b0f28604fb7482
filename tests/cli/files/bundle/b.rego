package bun
p := data.x.y.k
