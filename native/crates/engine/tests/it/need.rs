//! What a session needs of memory: told by the base's header, whatever the bundle's form.

use std::fs::File;
use std::io::Cursor;

use candle_core::quantized::gguf_file::Value;
use candle_core::quantized::{GgmlDType, QTensor, gguf_file};
use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use tandem_bundle::Bundle;
use tandem_engine::{Error, memory_need};
use tandem_fixture::Fixture;

use crate::support::folder;

/// With a value of every kind.
fn gguf(name: &str, rows: usize, columns: usize) -> Vec<u8> {
    let numbers = [Value::U8(1), Value::I8(1), Value::U16(1), Value::I16(1), Value::U32(1), Value::I32(1), Value::U64(1), Value::I64(1)];
    let others = [Value::F32(1.0), Value::F64(1.0), Value::Bool(true), Value::String("a".into())];
    let single: Vec<_> = numbers.into_iter().chain(others).collect();
    let arrays = single.iter().map(|value| Value::Array(vec![value.clone(); 3]));
    let values: Vec<_> =
        single.iter().cloned().chain(arrays).enumerate().map(|(number, value)| (format!("value.{number}"), value)).collect();
    let metadata: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let tensor = Tensor::zeros((rows, columns), DType::F32, &Device::Cpu).unwrap();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &[(name, &QTensor::quantize(&tensor, GgmlDType::Q8_0).unwrap())]).unwrap();
    file.into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn each_embedding_takes_four_bytes(rows in 1usize..40, columns in 1usize..4) {
        let (folder, columns) = (folder(), columns * 32);
        let (small, large) = (folder.path().join("small"), folder.path().join("large"));
        std::fs::write(&small, gguf("token_embd.weight", rows, columns)).unwrap();
        std::fs::write(&large, gguf("token_embd.weight", rows + 7, columns)).unwrap();
        let zip = folder.path().join("bundle.tandem");
        std::fs::write(&zip, Fixture::new().zip()).unwrap();
        let bundle = Bundle::open(&zip, None).unwrap();
        let need = |path| memory_need(&bundle, Some(path)).unwrap();
        // The file's size is the manifest's, the same for both.
        prop_assert_eq!(need(&large) - need(&small), 7 * columns as u64 * 4);
    }
}

#[test]
fn what_is_no_model_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("bundle.tandem"), Fixture::new().packed().zip()).unwrap();
    let bundle = Bundle::open(&folder.path().join("bundle.tandem"), None).unwrap();
    let other = folder.path().join("other.gguf");
    std::fs::write(&other, gguf("output.weight", 1, 32)).unwrap();
    File::create(folder.path().join("empty")).unwrap();
    // One array of bytes, of which whoever reads it makes gigabytes.
    let crowded = folder.path().join("crowded");
    let elements = 60_u64 << 20;
    let start = [b"GGUF", &3_u32.to_le_bytes()[..], &1_u64.to_le_bytes(), &1_u64.to_le_bytes(), &1_u64.to_le_bytes(), b"a"].concat();
    let array = [&9_u32.to_le_bytes()[..], &0_u32.to_le_bytes(), &elements.to_le_bytes(), &vec![0; 60 << 20]].concat();
    let tensor = [&17_u64.to_le_bytes()[..], b"token_embd.weight", &1_u32.to_le_bytes(), &32_u64.to_le_bytes(), &[0; 12]].concat();
    std::fs::write(&crowded, [start, array, tensor].concat()).unwrap();
    for base in [None, Some(other), Some(folder.path().join("empty")), Some(folder.path().join("nowhere")), Some(crowded)] {
        assert!(matches!(memory_need(&bundle, base.as_deref()), Err(Error::Base(e)) if e.kind.id() == "base-unreadable"));
    }
}
