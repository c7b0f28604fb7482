# Credentials taken apart: what a gateway does with headers.
package texts

tokens contains {"user": user, "scope": scope} if {
	some header in input.headers
	startswith(header, "Basic ")
	plain := base64.decode(substring(header, 6, -1))
	colon := indexof(plain, ":")
	user := replace(substring(plain, 0, colon), "user", "u-")
	scope := trim_prefix(substring(plain, colon, -1), ":")
}
