# A constant network asked about a thousand addresses.
package networks

inside := count([address |
	some address in input.addresses
	net.cidr_contains("10.0.0.0/8", address)
])
