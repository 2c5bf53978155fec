/** What somebody does at the source between two runs. */
export const CHANGES = [
  { sql: "INSERT INTO actor (first_name, last_name) VALUES ('ADA', 'LOVELACE'), ('GRACE', 'HOPPER')", what: 'two new actors' },
  { sql: "UPDATE customer SET email = 'mary@example.com' WHERE customer_id = 1", what: 'one changed customer' },
  { sql: 'UPDATE film SET rental_rate = rental_rate + 1 WHERE film_id <= 20', what: 'twenty films at another price' },
  { sql: 'DELETE FROM payment WHERE payment_id BETWEEN 1 AND 25', what: '25 payments are gone' },
  { sql: 'DELETE FROM film_actor WHERE film_id = 2', what: 'a film without its actors' },
] as const
