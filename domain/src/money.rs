//! Money is an exact count of a currency's minor units; it is read from text, bounded, and never a float.

use std::fmt;

/// The largest magnitude of any amount or balance, in minor units: fifteen digits survive a double, so a client that
/// reads JSON numbers into doubles sees every balance exactly.
pub const MONEY_MAX: i64 = 999_999_999_999_999;

/// The most decimals that any currency of ISO 4217 has (CLF, UYW).
pub const DECIMALS_MAX: u8 = 4;

/// A currency of ISO 4217 that has minor units.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    decimals: u8,
}

impl Currency {
    /// The currency of an account that names none.
    pub const USD: Self = Self { code: *b"USD", decimals: 2 };

    /// Reads an upper-case ISO 4217 code; `None` for anything else, and for codes without minor units (gold, SDR).
    pub fn parse(code: &str) -> Option<Self> {
        let found = iso_currency::Currency::from_code(code)?;
        let decimals = u8::try_from(found.exponent()?).ok()?;
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        (decimals <= DECIMALS_MAX).then_some(Self { code, decimals })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// How many decimals the currency has (USD 2, JPY 0, BHD 3).
    pub fn decimals(self) -> u8 {
        self.decimals
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&code)
            .ok_or_else(|| serde::de::Error::custom("not an ISO 4217 currency with minor units"))
    }
}

/// Minor units of some currency, within ±[`MONEY_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most there can be.
    pub const MAX: Self = Self(MONEY_MAX);

    /// `None` outside ±[`MONEY_MAX`].
    pub fn from_minor(minor: i64) -> Option<Self> {
        (-MONEY_MAX..=MONEY_MAX).contains(&minor).then_some(Self(minor))
    }

    /// The count of minor units.
    pub fn minor(self) -> i64 {
        self.0
    }

    /// The sum, `None` where it leaves the bounds.
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::from_minor(self.0.checked_add(other.0)?)
    }

    /// The difference, `None` where it leaves the bounds.
    pub fn minus(self, other: Self) -> Option<Self> {
        Self::from_minor(self.0.checked_sub(other.0)?)
    }

    /// How JavaScript prints the number of units: `1500`, `10.5`, `-0.05`.
    pub fn in_units(self, currency: Currency) -> Units {
        Units { minor: i128::from(self.0), currency }
    }
}

impl<'de> serde::Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let minor = i64::deserialize(deserializer)?;
        Self::from_minor(minor).ok_or_else(|| serde::de::Error::custom("money out of bounds"))
    }
}

/// A [`Money`] that was proved to be more than nothing: what a movement moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Money);

impl Amount {
    /// `None` for zero and below.
    pub fn new(money: Money) -> Option<Self> {
        (money > Money::ZERO).then_some(Self(money))
    }

    /// The money that it is.
    pub fn money(self) -> Money {
        self.0
    }
}

/// A sum in minor units together with its currency; displays as a plain decimal without trailing zeros. Sums over
/// accounts may exceed what one balance may hold, hence 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units {
    /// The sum, in minor units.
    pub minor: i128,
    /// Whose minor units.
    pub currency: Currency,
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(self.minor.unsigned_abs());
        let decimals = usize::from(self.currency.decimals);
        let (whole, decimal) = digits.split_at(digits.len().saturating_sub(decimals));
        if self.minor < 0 {
            f.write_str("-")?;
        }
        f.write_str(if whole.is_empty() { "0" } else { whole })?;
        let shown = decimal.trim_end_matches('0');
        if !shown.is_empty() {
            f.write_str(".")?;
            for _ in decimal.len()..decimals {
                f.write_str("0")?;
            }
            f.write_str(shown)?;
        }
        Ok(())
    }
}

/// A decimal exactly as a client wrote it, not negative; it becomes [`Money`] when the account's currency is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    digits: u64,
    decimals: u8,
}

/// Why a text is not a [`Quantity`], or a quantity not money of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not digits with at most one point between them.
    #[error("is not a plain decimal number (digits, at most one point, no exponent, sign or spaces)")]
    NotDecimal,
    /// A minus sign.
    #[error("must not be negative")]
    Negative,
    /// More decimals, as written, than the currency has.
    #[error("has more decimals than the currency allows ({allowed})")]
    TooPrecise {
        /// The currency's decimals.
        allowed: u8,
    },
    /// Beyond [`MONEY_MAX`].
    #[error("is larger than 999999999999999 minor units")]
    TooLarge,
}

impl Quantity {
    /// Nothing, without decimals.
    pub const ZERO: Self = Self { digits: 0, decimals: 0 };

    /// Reads the text of a JSON number, or of a JSON string's content, without rounding.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if let Some(positive) = whole.strip_prefix('-') {
            let number = Self::parse(positive).is_ok() || positive.chars().all(|c| c.is_ascii_digit());
            return Err(if number { QuantityError::Negative } else { QuantityError::NotDecimal });
        }
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !all_digits(whole) || !all_digits(fraction) || leading_zero {
            return Err(QuantityError::NotDecimal);
        }
        let fraction = if text.len() == whole.len() { "" } else { fraction };
        let decimals = u8::try_from(fraction.len()).unwrap_or(u8::MAX);
        if decimals > DECIMALS_MAX {
            return Err(QuantityError::TooPrecise { allowed: DECIMALS_MAX });
        }
        let mut digits: u64 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = u64::from(digit.saturating_sub(b'0'));
            digits = digits
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit))
                // In a currency with more decimals than are written it is larger still.
                .filter(|digits| *digits <= MONEY_MAX.unsigned_abs())
                .ok_or(QuantityError::TooLarge)?;
        }
        Ok(Self { digits, decimals })
    }

    /// Whether it is nothing, in whatever currency.
    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The minor units of a currency; decimals count as written, so `1.00` is no amount of yen.
    pub fn in_currency(self, currency: Currency) -> Result<Money, QuantityError> {
        let missing = currency
            .decimals
            .checked_sub(self.decimals)
            .ok_or(QuantityError::TooPrecise { allowed: currency.decimals })?;
        self.digits
            .checked_mul(power_of_ten(missing))
            .and_then(|minor| i64::try_from(minor).ok())
            .and_then(Money::from_minor)
            .ok_or(QuantityError::TooLarge)
    }
}

impl fmt::Display for Quantity {
    /// The shortest decimal of the same value, so that `5`, `5.0` and `5.00` are one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Any currency with as many decimals prints the same text.
        let currency = Currency { code: *b"XXX", decimals: self.decimals };
        Units { minor: i128::from(self.digits), currency }.fmt(f)
    }
}

fn power_of_ten(exponent: u8) -> u64 {
    10_u64.saturating_pow(u32::from(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    #[test]
    fn currencies_have_the_decimals_of_iso_4217() {
        for (code, decimals) in [("USD", 2), ("EUR", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4), ("KRW", 0)] {
            assert_eq!(currency(code).decimals(), decimals, "{code}");
        }
        for code in ["", "usd", "US", "USDX", "XAU", "ZZZ", "\u{20ac}"] {
            assert_eq!(Currency::parse(code), None, "{code}");
        }
    }

    #[test]
    fn text_becomes_minor_units_exactly() {
        for (text, code, minor) in [
            ("0.01", "USD", 1),
            ("0.1", "USD", 10),
            ("10.50", "USD", 1050),
            ("9999999999999.99", "USD", MONEY_MAX),
            ("999999999999999", "JPY", MONEY_MAX),
            ("1.234", "BHD", 1234),
            ("0", "USD", 0),
        ] {
            let money = Quantity::parse(text).and_then(|quantity| quantity.in_currency(currency(code)));
            assert_eq!(money.map(Money::minor), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn text_that_is_not_exact_money_is_refused() {
        use QuantityError::*;
        for (text, code, why) in [
            ("", "USD", NotDecimal),
            (".5", "USD", NotDecimal),
            ("5.", "USD", NotDecimal),
            ("1e3", "USD", NotDecimal),
            ("+1", "USD", NotDecimal),
            (" 1", "USD", NotDecimal),
            ("007", "USD", NotDecimal),
            ("0x10", "USD", NotDecimal),
            ("NaN", "USD", NotDecimal),
            ("1.2.3", "USD", NotDecimal),
            ("-5", "USD", Negative),
            ("-0.01", "USD", Negative),
            ("0.001", "USD", TooPrecise { allowed: 2 }),
            ("1.00", "JPY", TooPrecise { allowed: 0 }),
            ("0.00001", "CLF", TooPrecise { allowed: 4 }),
            ("10000000000000", "USD", TooLarge),
            ("99999999999999999999999", "USD", TooLarge),
        ] {
            let money = Quantity::parse(text).and_then(|quantity| quantity.in_currency(currency(code)));
            assert_eq!(money, Err(why), "{text} {code}");
        }
    }

    #[test]
    fn money_prints_as_javascript_prints_it() {
        for (minor, code, text) in [
            (150_000, "USD", "1500"),
            (1050, "USD", "10.5"),
            (1, "USD", "0.01"),
            (-5, "USD", "-0.05"),
            (-1000, "USD", "-10"),
            (0, "USD", "0"),
            (7, "JPY", "7"),
            (1, "CLF", "0.0001"),
            (100, "BHD", "0.1"),
            (MONEY_MAX, "USD", "9999999999999.99"),
        ] {
            let money = Money::from_minor(minor).expect("within bounds");
            assert_eq!(money.in_units(currency(code)).to_string(), text);
        }
    }

    #[test]
    fn sums_that_leave_the_bounds_are_none() {
        let most = Money::from_minor(MONEY_MAX).expect("within bounds");
        let one = Money::from_minor(1).expect("within bounds");
        assert_eq!(most.plus(one), None);
        assert_eq!(Money::from_minor(-MONEY_MAX).and_then(|least| least.minus(one)), None);
        assert_eq!(Money::from_minor(MONEY_MAX + 1), None);
        assert_eq!(Money::from_minor(i64::MIN), None);
    }
}
