//! The settings of a job for unit tests.

use serde_json::{Value, json};

use super::settings::JobSettings;

/// A job that makes an MP4 file and frame captures of its inputs.
pub(super) fn sample_job(inputs: &[Value]) -> JobSettings {
    let h264 = json!({
        "codecProfile": "HIGH",
        "rateControlMode": "QVBR",
        "qvbrSettings": { "qvbrQualityLevel": 8 },
        "maxBitrate": 1_000_000,
        "framerateControl": "INITIALIZE_FROM_SOURCE",
        "gopSize": 2.0,
        "gopSizeUnits": "SECONDS",
        "gopClosedCadence": 1,
        "sceneChangeDetect": "DISABLED",
        "parControl": "SPECIFIED",
        "parNumerator": 1,
        "parDenominator": 1,
    });
    let aac = json!({ "bitrate": 128_000, "sampleRate": 48_000, "codingMode": "CODING_MODE_2_0" });
    let film = json!({
        "nameModifier": "_film",
        "containerSettings": { "container": "MP4" },
        "videoDescription": {
            "width": 640,
            "height": 360,
            "codecSettings": { "codec": "H_264", "h264Settings": h264 },
        },
        "audioDescriptions": [{
            "audioSourceName": "Sound",
            "codecSettings": { "codec": "AAC", "aacSettings": aac },
        }],
    });
    let capture = json!({
        "framerateNumerator": 1,
        "framerateDenominator": 2,
        "maxCaptures": 3,
        "quality": 80,
    });
    let picture = json!({
        "nameModifier": "_picture",
        "containerSettings": { "container": "RAW" },
        "videoDescription": {
            "width": 320,
            "height": 320,
            "crop": { "x": 70, "y": 0, "width": 180, "height": 180 },
            "codecSettings": { "codec": "FRAME_CAPTURE", "frameCaptureSettings": capture },
        },
    });
    let files = json!({
        "outputGroupSettings": {
            "type": "FILE_GROUP_SETTINGS",
            "fileGroupSettings": { "destination": "s3://clips/clip" },
        },
        "outputs": [film, picture],
    });
    serde_json::from_value(json!({ "inputs": inputs, "outputGroups": [files] }))
        .expect("the settings are valid")
}

/// An input of a job.
pub(super) fn sample_input() -> Value {
    json!({
        "fileInput": "s3://clips/index.m3u8",
        "timecodeSource": "ZEROBASED",
        "audioSelectors": { "Sound": { "selectorType": "TRACK", "tracks": [1] } },
    })
}
