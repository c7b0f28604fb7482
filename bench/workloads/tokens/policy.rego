# A token is verified, then its claims decide.
package tokens

default claims := {"allowed": false}

claims := {"allowed": true, "user": payload.sub, "scope": payload.scope} if {
	io.jwt.verify_hs256(input.token, "a secret of thirty-two characters")
	[_, payload, _] := io.jwt.decode(input.token)
	payload.exp > 1800000000
	payload.iss == "login.example"
}
