import { fileURLToPath } from 'node:url'
import { type DatabaseOf, loadSql } from '@dbsync/testkit'

const file = (path: string) => fileURLToPath(new URL(`data/${path}`, import.meta.url))

export const SAKILA = ['sakila/01-sakila-schema.sql', 'sakila/02-sakila-data.sql'].map(file)
export const NORTHWIND = ['northwind/northwind.sql', 'northwind/northwind-data.sql'].map(file)

export const load = ({ server, database }: DatabaseOf, files: readonly string[]): Promise<void> => loadSql(server, database, files)

/** A day's work in many of Sakila's tables: new, changed and gone rows. */
export const SAKILA_CHANGES = [
  "INSERT INTO actor (first_name, last_name) VALUES ('ADA', 'LOVELACE'), ('GRACE', 'HOPPER')",
  "UPDATE actor SET last_name = 'CURIE' WHERE actor_id IN (3, 7, 200)",
  "INSERT INTO language (name) VALUES ('Esperanto')",
  "INSERT INTO film (title, description, language_id, special_features) VALUES ('NEW FILM', 'It is new.', 7, 'Trailers,Commentaries')",
  'INSERT INTO film_actor (actor_id, film_id) VALUES (201, 1001), (202, 1001), (3, 1001)',
  "UPDATE film SET title = 'ACADEMY REVISED', rental_rate = 4.99 WHERE film_id = 1",
  'DELETE FROM film_actor WHERE film_id = 2',
  'DELETE FROM film_category WHERE film_id IN (10, 11)',
  'UPDATE inventory SET store_id = 2 WHERE inventory_id <= 3',
  "UPDATE address SET phone = '+1 555', address2 = '' WHERE address_id = 5",
  'UPDATE customer SET email = NULL, active = 0 WHERE customer_id BETWEEN 10 AND 20',
  'DELETE FROM payment WHERE payment_id % 100 = 0',
  'DELETE FROM rental WHERE rental_id % 500 = 0',
  'UPDATE payment SET amount = amount + 0.01 WHERE payment_id % 1000 = 1',
  "INSERT INTO rental (rental_date, inventory_id, customer_id, staff_id) VALUES (NOW(), 1, 1, 1), ('2030-01-01', 2, 2, 2)",
  "INSERT INTO category (name) VALUES ('Silent')",
  "UPDATE staff SET picture = REPEAT(x'00ff5c0a09', 20) WHERE staff_id = 2",
  'DELETE FROM film_text WHERE film_id = 5',
]

export const NORTHWIND_CHANGES = [
  "UPDATE customers SET company = 'Ünïcode & Co', notes = REPEAT('long ', 5000) WHERE id = 3",
  "INSERT INTO customers (company, last_name, attachments) VALUES ('New', NULL, x'00010203')",
  'DELETE FROM order_details WHERE id IN (27, 28)',
  'DELETE FROM inventory_transactions WHERE id NOT IN (SELECT inventory_id FROM purchase_order_details WHERE inventory_id IS NOT NULL) LIMIT 5',
  'UPDATE orders SET shipping_fee = shipping_fee + 1.2345 WHERE id % 2 = 0',
  "INSERT INTO strings (string_data) VALUES ('one more')",
  "UPDATE products SET discontinued = 1, quantity_per_unit = 'a\\\\b' WHERE id = 1",
  "DELETE FROM sales_reports WHERE group_by = 'Category'",
]
