using System.Collections.Frozen;
using CityHub.Core.Problems;

namespace CityHub.Standards.Units;

/// <summary>The common codes of UN/CEFACT Recommendation 20, as NGSI-LD has them in <c>unitCode</c>, and the UCUM expressions that mean the same.</summary>
public static class CommonCodes
{
    private static readonly (string Common, string Ucum)[] Pairs =
    [
        ("C62", "1"), ("P1", "%"), ("59", "[ppm]"), ("61", "[ppb]"), ("H87", "{piece}"),
        ("MTR", "m"), ("KMT", "km"), ("DMT", "dm"), ("CMT", "cm"), ("MMT", "mm"), ("4H", "um"), ("INH", "[in_i]"), ("FOT", "[ft_i]"), ("YRD", "[yd_i]"), ("SMI", "[mi_i]"), ("NMI", "[nmi_i]"),
        ("MTK", "m2"), ("KMK", "km2"), ("DMK", "dm2"), ("CMK", "cm2"), ("MMK", "mm2"), ("HAR", "har"), ("ACR", "[acr_us]"),
        ("MTQ", "m3"), ("DMQ", "dm3"), ("CMQ", "cm3"), ("MMQ", "mm3"), ("LTR", "L"), ("MLT", "mL"), ("HLT", "hL"), ("GLL", "[gal_us]"), ("GLI", "[gal_br]"),
        ("KGM", "kg"), ("GRM", "g"), ("MGM", "mg"), ("MC", "ug"), ("TNE", "t"), ("LBR", "[lb_av]"), ("ONZ", "[oz_av]"),
        ("SEC", "s"), ("C26", "ms"), ("B98", "us"), ("C47", "ns"), ("MIN", "min"), ("HUR", "h"), ("DAY", "d"), ("WEE", "wk"), ("MON", "mo"), ("ANN", "a"),
        ("CEL", "Cel"), ("KEL", "K"), ("FAH", "[degF]"),
        ("MTS", "m/s"), ("KMH", "km/h"), ("KNT", "[kn_i]"), ("HM", "[mi_i]/h"), ("MSK", "m/s2"), ("H67", "mm/h"),
        ("PAL", "Pa"), ("HPA", "hPa"), ("KPA", "kPa"), ("MPA", "MPa"), ("BAR", "bar"), ("MBR", "mbar"), ("ATM", "atm"), ("HN", "mm[Hg]"), ("PS", "[psi]"),
        ("NEW", "N"), ("B47", "kN"), ("NU", "N.m"),
        ("JOU", "J"), ("KJO", "kJ"), ("3B", "MJ"), ("GV", "GJ"), ("WHR", "W.h"), ("KWH", "kW.h"), ("MWH", "MW.h"), ("GWH", "GW.h"), ("D70", "cal_IT"), ("BTU", "[Btu_IT]"),
        ("WTT", "W"), ("C31", "mW"), ("KWT", "kW"), ("MAW", "MW"), ("A90", "GW"), ("D54", "W/m2"), ("D46", "V.A"), ("KVA", "kV.A"), ("KVR", "kV.A{reactive}"),
        ("AMP", "A"), ("4K", "mA"), ("AMH", "A.h"), ("VLT", "V"), ("2Z", "mV"), ("KVT", "kV"), ("OHM", "Ohm"), ("B49", "kOhm"), ("FAR", "F"), ("4O", "uF"), ("SIE", "S"), ("D10", "S/m"),
        ("H61", "mS/cm"), ("G42", "uS/cm"), ("COU", "C"), ("WEB", "Wb"), ("D33", "T"), ("81", "H"),
        ("HTZ", "Hz"), ("KHZ", "kHz"), ("MHZ", "MHz"), ("A86", "GHz"),
        ("CDL", "cd"), ("LUM", "lm"), ("LUX", "lx"), ("2N", "dB"), ("C50", "Np"),
        ("DD", "deg"), ("D61", "'"), ("D62", "''"), ("C81", "rad"), ("D27", "sr"), ("A91", "gon"),
        ("GQ", "ug/m3"), ("GP", "mg/m3"), ("A93", "g/m3"), ("KMQ", "kg/m3"), ("23", "g/cm3"), ("GL", "g/L"), ("M1", "mg/L"), ("C34", "mol"), ("C36", "mol/m3"), ("Q30", "[pH]"),
        ("MQS", "m3/s"), ("MQH", "m3/h"), ("LD", "L/d"), ("L2", "L/min"), ("G51", "L/s"), ("KGS", "kg/s"),
        ("BQL", "Bq"), ("A95", "Gy"), ("D13", "Sv"), ("C28", "mSv"),
        ("A99", "bit"), ("AD", "By"), ("2P", "kBy"), ("4L", "MBy"), ("E34", "GBy"), ("E20", "Mbit/s"),
    ];

    private static readonly FrozenDictionary<string, string> ByCommon = Pairs.ToFrozenDictionary(p => p.Common, p => p.Ucum, StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, string> ByUcum = Pairs.ToFrozenDictionary(p => p.Ucum, p => p.Common, StringComparer.Ordinal);

    public static IReadOnlyList<(string Common, string Ucum)> All => Pairs;

    public static Result<string> ToUcum(string common) => ByCommon.TryGetValue(common, out var ucum)
        ? ucum
        : StandardsProblems.UnitMalformed.Because($"{common} is no common code that is known here.", "GET /standards/units lists them; a UCUM expression says the same.", "UN/CEFACT Recommendation 20");

    /// <summary>The code for the very same words, or else for the same unit in other words (<c>l/s</c> for <c>L/s</c>).</summary>
    public static Result<string> FromUcum(string ucum)
    {
        if (ByUcum.TryGetValue(ucum, out var common))
            return common;
        if (!Ucum.Parse(ucum).TryGet(out var unit, out var problem))
            return problem;
        foreach (var (code, text) in Pairs)
            if (Ucum.Parse(text).TryGet(out var other, out _) && other.Factor == unit.Factor && other.Dimension == unit.Dimension && ReferenceEquals(other.Special, unit.Special))
                return code;
        return StandardsProblems.UnitMalformed.Because($"No common code that is known here means {ucum}.", "Keep the UCUM expression.", "UN/CEFACT Recommendation 20");
    }
}
