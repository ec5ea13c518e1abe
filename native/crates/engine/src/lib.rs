pub use mistralrs as _m;
