package v
p { true }
