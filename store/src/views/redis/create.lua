-- A new, empty generation, numbered above every earlier one, those that are gone included. It is in the set of
-- generations from its first moment, so that a projector that dies leaves nothing behind that cannot be found.
--
-- KEYS[1] the highest number given so far
-- KEYS[2] the set of generations
-- ARGV[1] what the projection's keys begin with
-- ARGV[2] the checkpoint before the first event
--
-- Answers the number.

local generation = redis.call('INCR', KEYS[1])
redis.call('SADD', KEYS[2], generation)
redis.call('SET', ARGV[1] .. ':g' .. generation .. ':checkpoint', ARGV[2])
return generation
