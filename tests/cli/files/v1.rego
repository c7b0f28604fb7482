package v
p if { true }
