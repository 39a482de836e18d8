//! Limits of AWS that a test or a measurement can change.

use clap::Args;

/// Limits that hold on AWS. Each has AWS's published value by default.
#[derive(Clone, Copy, Debug, Args)]
pub struct Limits {
    /// Calls a second that MediaPackage's API accepts after a burst, for live and for VOD separately;
    /// on AWS 5
    // <https://docs.aws.amazon.com/general/latest/gr/mediapackage.html>
    #[arg(long, default_value_t = Self::MEDIA_PACKAGE_RATE, value_name = "CALLS", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub media_package_rate: u16,

    /// Calls in a burst that MediaPackage's API accepts, for live and for VOD separately; on AWS 50
    #[arg(long, default_value_t = Self::MEDIA_PACKAGE_BURST, value_name = "CALLS", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub media_package_burst: u16,

    /// How often a function can run in one chain of requests through SQS before Lambda refuses to
    /// run it again; on AWS about 16
    // <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
    #[arg(long, default_value_t = Self::RECURSION_LIMIT, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub recursion_limit: u32,

    /// The timeouts of the functions, as multiples of those of a deployment (functions/timeouts.yaml);
    /// with 0 a function may run for any time
    // <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
    #[arg(long, default_value_t = Self::FUNCTION_TIMEOUT, value_name = "FACTOR", value_parser = parse_factor)]
    pub function_timeout: f64,

    /// Read units a second of each partition of the table or of an index; on AWS 3,000; without a limit
    /// 0
    // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
    #[arg(long, default_value_t = Self::PARTITION_READ_UNITS, value_name = "UNITS")]
    pub partition_read_units: u32,

    /// Write units a second of each partition of the table or of an index; on AWS 1,000; without a limit
    /// 0
    #[arg(long, default_value_t = Self::PARTITION_WRITE_UNITS, value_name = "UNITS")]
    pub partition_write_units: u32,
}

/// Parses the multiple of a limit.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor| (0.0..=1000.0).contains(factor));
    factor.ok_or_else(|| "this must be a number from 0 to 1000".to_owned())
}

impl Limits {
    const MEDIA_PACKAGE_RATE: u16 = 5;
    const MEDIA_PACKAGE_BURST: u16 = 50;
    const RECURSION_LIMIT: u32 = 16;
    const FUNCTION_TIMEOUT: f64 = 1.0;
    const PARTITION_READ_UNITS: u32 = 3000;
    const PARTITION_WRITE_UNITS: u32 = 1000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            media_package_rate: Self::MEDIA_PACKAGE_RATE,
            media_package_burst: Self::MEDIA_PACKAGE_BURST,
            recursion_limit: Self::RECURSION_LIMIT,
            function_timeout: Self::FUNCTION_TIMEOUT,
            partition_read_units: Self::PARTITION_READ_UNITS,
            partition_write_units: Self::PARTITION_WRITE_UNITS,
        }
    }
}
