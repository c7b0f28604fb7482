# The least a policy can ask: what an evaluation costs besides its policy.
package trivial

allow if input.x == 1
