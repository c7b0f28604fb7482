# What a join does not find: a rule asks, under not, whether any row of the other list fits.
package orphans

report := {"unknown": unknown, "sleeping": count(sleeping)}

unknown contains order.id if {
	some order in input.orders
	not known(order.user)
}

known(id) if {
	some user in input.users
	user.id == id
}

sleeping := [order.id |
	some order in input.orders
	some user in input.users
	user.id == order.user
	not user.active
]
