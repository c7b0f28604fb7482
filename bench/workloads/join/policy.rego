# Orders of users who are on hold: two lists, joined by the user's name.
package joins

held contains order.id if {
	some order in input.orders
	some user in input.users
	user.id == order.user
	user.hold
	order.amount >= 100
}
