//! The merchant's command line: invoices, payments and refunds.
