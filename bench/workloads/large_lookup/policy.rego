# Large documents, touched in one place: a reference, a member, object.get.
package large

answer := {"level": level, "tagged": tagged, "suspended": object.get(data.suspended, input.key, false)}

level := data.accounts[input.key].level

default tagged := false

tagged if input.tag in data.accounts[input.key].tags
