package u
p if { x; y; z }
q if { w == 1 }
import data.foo
