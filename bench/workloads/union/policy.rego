# Settings in three layers: the defaults in base data, a team's and one's own in the request.
package trees

settings := object.union(object.union(data.defaults, input.team), input.own)
