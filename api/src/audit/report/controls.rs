//! What the controls ask that a statement of the report answers, each in one sentence of ours. The
//! standards themselves decide.

/// A requirement of a standard.
#[derive(Clone, Copy)]
pub struct Control {
    /// Where it stands.
    pub name: &'static str,
    /// What it asks.
    pub asks: &'static str,
}

const PCI_8_4_1: Control = Control {
    name: "PCI DSS 4.0.1, 8.4.1",
    asks: "administrators use multi-factor authentication for every access to the cardholder data environment that is not at the console",
};
const PCI_8_4_2: Control = Control {
    name: "PCI DSS 4.0.1, 8.4.2",
    asks: "so does everybody else, for every such access",
};
const PCI_8_4_3: Control = Control {
    name: "PCI DSS 4.0.1, 8.4.3",
    asks: "so does every remote access from outside the entity's network that could reach or affect that environment",
};
const PCI_8_5_1: Control = Control {
    name: "PCI DSS 4.0.1, 8.5.1",
    asks: "multi-factor authentication withstands replay, can be bypassed by nobody, administrators included, save by a documented exception for a limited time, uses at least two different types of factor, and gives access only after all of them succeeded",
};
const NIST_AAL2: Control = Control {
    name: "NIST SP 800-63B-4, AAL2",
    asks: "authentication proves two distinct factors, at least one of them in a way that withstands replay; that a way is also offered which withstands phishing, this report does not show",
};
const NIST_RECOVERY: Control = Control {
    name: "NIST SP 800-63B-4, account recovery",
    asks: "whoever has lost an authenticator gets back in by defined means, such as saved recovery codes, and is told of it",
};
const ISO_5_17: Control = Control {
    name: "ISO/IEC 27001:2022, A.5.17",
    asks: "a managed process governs how authentication information is given out, changed and withdrawn",
};
const ISO_8_5: Control = Control {
    name: "ISO/IEC 27001:2022, A.8.5",
    asks: "secure authentication is in force as strong as the access that it guards requires",
};
const SOC_CC6_1: Control = Control {
    name: "SOC 2, CC6.1",
    asks: "logical access security protects the information assets, credentials and the authentication of people and of software included",
};

/// That everybody needs two factors.
pub const ENFORCED: &[Control] = &[
    PCI_8_4_1, PCI_8_4_2, PCI_8_4_3, NIST_AAL2, ISO_8_5, SOC_CC6_1,
];
/// That nothing undid it.
pub const KEPT: &[Control] = &[PCI_8_5_1, ISO_8_5, SOC_CC6_1];
/// That nobody acted under one factor.
pub const SIGN_INS: &[Control] = &[PCI_8_5_1, NIST_AAL2, ISO_8_5, SOC_CC6_1];
/// How far the set-up has come.
pub const SET_UP: &[Control] = &[PCI_8_4_1, PCI_8_4_2, ISO_8_5];
/// The ways back in.
pub const RECOVERY: &[Control] = &[PCI_8_5_1, NIST_RECOVERY, ISO_5_17];
/// Machines.
pub const MACHINES: &[Control] = &[ISO_5_17, SOC_CC6_1];
/// What is forgotten.
pub const ERASED: &[Control] = &[ISO_5_17];
