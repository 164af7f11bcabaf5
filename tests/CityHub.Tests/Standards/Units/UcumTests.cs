using System.Globalization;
using CityHub.Standards;
using CityHub.Standards.Units;
using CsCheck;

namespace CityHub.Tests.Standards.Units;

public sealed class UcumTests
{
    /// <summary>value from = value to, each out of a definition: SI brochure, yard and pound 1959, ISO 80000, decibel and pH by their logarithms.</summary>
    private const string Definitions = """
        1 km = 1000 m
        1 m = 100 cm
        1 m = 1000000 um
        1 m = 1e9 nm
        1 dam = 10 m
        1 [in_i] = 2.54 cm
        1 [ft_i] = 0.3048 m
        1 [yd_i] = 0.9144 m
        1 [mi_i] = 1.609344 km
        1 [nmi_i] = 1852 m
        1 [fth_i] = 1.8288 m
        1 [mil_i] = 25.4 um
        1 [hd_i] = 10.16 cm
        3937 [ft_us] = 1200 m
        1 Ao = 1e-10 m
        1 AU = 149597870700 m
        1 [ly] = 9460730472580800 m
        1 m2 = 10000 cm2
        1 km2 = 1000000 m2
        1 har = 10000 m2
        1 har = 0.01 km2
        1 [sft_i] = 0.09290304 m2
        1 [acr_us] = 43560 [ft_us]2
        1 [smi_us] = 640 [acr_us]
        1 b = 1e-28 m2
        1 m3 = 1000 L
        1 L = 1 dm3
        1 mL = 1 cm3
        1 l = 1 L
        1 hL = 0.1 m3
        1 [gal_us] = 3.785411784 L
        1 [gal_us] = 231 [in_i]3
        1 [bbl_us] = 158.987294928 L
        1 [foz_us] = 29.5735295625 mL
        1 [gal_br] = 4.54609 L
        1 [pt_br] = 568.26125 mL
        1 [bu_us] = 35.23907016688 L
        1 [cup_us] = 236.5882365 mL
        1 h = 3600 s
        1 d = 86400 s
        1 wk = 168 h
        1 a = 365.25 d
        1 mo = 30.4375 d
        12 mo = 1 a
        1 min = 60000 ms
        36 km/h = 10 m/s
        1 [kn_i] = 1.852 km/h
        1 [mi_i]/h = 0.44704 m/s
        1 [c] = 299792458 m/s
        1 [g] = 9.80665 m/s2
        1 Gal = 0.01 m/s2
        1 kg = 1000 g
        1 t = 1000 kg
        1 ug = 0.000001 g
        1 [lb_av] = 0.45359237 kg
        1 [oz_av] = 28.349523125 g
        1 [gr] = 64.79891 mg
        1 [oz_tr] = 31.1034768 g
        1 [stone_av] = 6.35029318 kg
        1 [ston_av] = 907.18474 kg
        1 [lton_av] = 1016.0469088 kg
        1 [car_m] = 200 mg
        1 N = 1 kg.m/s2
        1 kN = 1000 N
        1 dyn = 0.00001 N
        1 kgf = 9.80665 N
        1 [lbf_av] = 4.4482216152605 N
        1 Pa = 1 N/m2
        1 hPa = 100 Pa
        1 mbar = 1 hPa
        1 bar = 100 kPa
        1 atm = 1013.25 hPa
        1 mm[Hg] = 133.322387415 Pa
        1 m[H2O] = 9806.65 Pa
        1 att = 98066.5 Pa
        1 J = 1 N.m
        1 kW.h = 3.6 MJ
        1 W.h = 3600 J
        1 cal_th = 4.184 J
        1 kcal_IT = 4186.8 J
        1 erg = 1e-7 J
        1 eV = 1.602176634e-19 J
        1 [Btu_IT] = 1055.05585262 J
        1 MW.h = 3600000 kJ
        1 W = 1 J/s
        1 kW = 1000 W
        1 [HP] = 745.69987158227022 W
        1 A = 1 C/s
        1 A.h = 3600 C
        1 V = 1 W/A
        1 Ohm = 1 V/A
        1 S = 1 A/V
        1 mho = 1 S
        1 F = 1 C/V
        1 Wb = 1 V.s
        1 T = 10000 G
        1 H = 1 Wb/A
        1 Mx = 1e-8 Wb
        1 Hz = 60 /min
        1 kHz = 1000 s-1
        180 deg = 3.141592653589793 rad
        1 circ = 360 deg
        1 deg = 60 '
        1 ' = 60 ''
        100 gon = 90 deg
        1 sph = 12.566370614359172 sr
        1 lx = 1 lm/m2
        1 lm = 1 cd.sr
        1 ph = 10000 lx
        1 sb = 10000 cd/m2
        1 Ci = 3.7e10 Bq
        1 Gy = 100 RAD
        1 Sv = 100 REM
        1 R = 0.000258 C/kg
        1 mol = 6.02214076e23 1
        1 kat = 60000000 U
        1 mmol/L = 1 mol/m3
        1 ug/m3 = 0.001 mg/m3
        1 mg/L = 1 g/m3
        1 g/cm3 = 1000 kg/m3
        1 g/L = 1 kg/m3
        1 m3/h = 1000 L/h
        3.6 m3/h = 1 L/s
        1 mS/cm = 0.1 S/m
        1 % = 0.01 1
        1 % = 10000 [ppm]
        1 [ppm] = 1000 [ppb]
        1 [ppth] = 0.1 %
        5 10*3 = 5000 1
        2 10*-3 = 0.002 1
        1 P = 0.1 Pa.s
        1 St = 0.0001 m2/s
        1 By = 8 bit
        1 KiBy = 1024 By
        1 MiBy = 1048576 By
        1 kBy = 1000 By
        1 Mbit/s = 125000 By/s
        1 tex = 9 [den]
        1 [diop] = 1 m-1
        0 Cel = 273.15 K
        100 Cel = 373.15 K
        -40 Cel = -40 [degF]
        100 Cel = 212 [degF]
        37 Cel = 98.6 [degF]
        0 [degF] = 255.37222222222223 K
        80 [degRe] = 100 Cel
        491.67 [degR] = 0 Cel
        9 [degR] = 5 K
        1500 mCel = 1.5 Cel
        7 [pH] = 1e-7 mol/l
        7 [pH] = 0.1 umol/L
        0 B = 1 1
        2 B = 100 1
        20 dB = 100 1
        3 Np = 20.085536923187668 1
        1 Np = 4.342944819032518 dB
        0 dB[SPL] = 20 uPa
        94 dB[SPL] = 1.002374467254545 Pa
        30 dB[W] = 1 kW
        0 B[kW] = 3 B[W]
        60 dB[mV] = 1 V
        20 dB[uV] = 10 uV
        100 %[slope] = 45 deg
        3 bit_s = 8 1
        """;

    public static TheoryData<double, string, double, string> Table()
    {
        var data = new TheoryData<double, string, double, string>();
        foreach (var line in Definitions.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split(' ');
            data.Add(double.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], double.Parse(parts[3], CultureInfo.InvariantCulture), parts[4]);
        }

        return data;
    }

    [Fact]
    public void The_table_is_long_enough() => Assert.True(Table().Count >= 120, $"{Table().Count}");

    [Theory]
    [MemberData(nameof(Table))]
    public void Converts_as_the_definition_says(double value, string from, double expected, string to)
    {
        var there = Ucum.Convert(value, from, to);
        Assert.True(there.Ok, there.Problem?.ToString());
        Near(expected, there.Value, 1e-13);
        Near(value, Ucum.Convert(expected, to, from).Value, 1e-12);
    }

    [Theory]
    [InlineData("m/s2", "m.s-2")]
    [InlineData("m/s/s", "m/s2")]
    [InlineData("m/(s.s)", "m/s2")]
    [InlineData("/s", "Hz")]
    [InlineData("/m.s", "s/m")] // strictly from the left to the right: (1/m)·s
    [InlineData("kg.m2/s3.A-1", "V")]
    [InlineData("{vehicles}/h", "/h")]
    [InlineData("mg{dry}/kg", "mg/kg")]
    [InlineData("m+2", "m2")]
    [InlineData("m[H2O]2", "m[H2O].m[H2O]")]
    [InlineData("10^3.m", "km")]
    [InlineData("((m))", "m")]
    [InlineData("2.m", "m.2")]
    [InlineData("100.m", "hm")]
    public void Two_ways_of_writing_mean_the_same(string one, string other) => Near(1, Ucum.Convert(1, one, other).Value, 1e-15);

    [Theory]
    [InlineData("")]
    [InlineData("metre")]
    [InlineData("M")]
    [InlineData("cel")]
    [InlineData("KM")]
    [InlineData("m//s")]
    [InlineData("m.")]
    [InlineData("m/")]
    [InlineData(".m")]
    [InlineData("(m")]
    [InlineData("m)")]
    [InlineData("m{")]
    [InlineData("m{a{b}}")]
    [InlineData("m s")]
    [InlineData("m2s")]
    [InlineData("m--2")]
    [InlineData("m+")]
    [InlineData("m^2")]
    [InlineData("µg")]
    [InlineData("[in_i")]
    [InlineData("in_i]")]
    [InlineData("kh")] // an hour takes no prefix
    [InlineData("k[in_i]")]
    [InlineData("kkg")]
    [InlineData("0")]
    [InlineData("3{a}")]
    [InlineData("k")]
    [InlineData("Cel2")]
    [InlineData("Cel/s")]
    [InlineData("J/(kg.Cel)")]
    [InlineData("/[pH]")]
    [InlineData("m99999")]
    public void Refused_when_it_is_no_unit(string code)
    {
        var refused = Ucum.Parse(code);
        Assert.Equal(StandardsProblems.UnitMalformed, refused.Problem?.Kind);
        Assert.NotNull(refused.Problem?.Hint);
        Assert.NotNull(refused.Problem?.Rule);
    }

    [Theory]
    [InlineData("m", "s")]
    [InlineData("ug/m3", "[ppb]")]
    [InlineData("Cel", "J")]
    [InlineData("kW", "kW.h")]
    [InlineData("N", "kg")]
    [InlineData("rad", "sr")]
    [InlineData("dB[SPL]", "dB")]
    [InlineData("[pH]", "1")]
    public void Refused_when_the_dimensions_differ(string from, string to)
    {
        var refused = Ucum.Convert(1, from, to);
        Assert.Equal(StandardsProblems.UnitsDiffer, refused.Problem?.Kind);
        Assert.Contains(from, refused.Problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_when_a_logarithm_has_no_value() => Assert.Equal(StandardsProblems.UnitsDiffer, Ucum.Convert(0, "mol/l", "[pH]").Problem?.Kind);

    [Fact]
    public void A_unit_in_another_case_is_suggested() => Assert.Contains("Cel", Ucum.Parse("cel").Problem?.Hint, StringComparison.Ordinal);

    [Fact]
    public void Random_products_convert_there_and_back_and_belong_together_exactly_when_their_dimensions_do()
    {
        string[] atoms = [.. UcumAtoms.All.Where(a => !a.Unit.IsSpecial && a.Code is not ("10*" or "10^")).Select(a => a.Code).Order(StringComparer.Ordinal)];
        var component = Gen.Select(Gen.Int[0, atoms.Length - 1], Gen.Int[-3, 3], (a, power) => (Code: atoms[a], Power: power == 0 ? 1 : power));
        var product = component.Array[1, 4];
        Gen.Select(product, product, Gen.Double[0.001, 1000]).Sample((one, other, value) =>
        {
            var (from, to) = (Write(one), Write(other));
            var (left, right) = (Ucum.Parse(from).Value, Ucum.Parse(to).Value);
            var there = Ucum.Convert(value, from, to);
            Assert.Equal(left.Dimension == right.Dimension, there.Ok);

            // The same unit out of base units: always commensurable, and there and back is where it began.
            var basis = left.Dimension.ToString();
            var converted = Ucum.Convert(value, from, basis);
            if (converted.Ok)
                Near(value, Ucum.Convert(converted.Value, basis, from).Value, 1e-13);

            // x·y of the product is the product of the factors; a unit over itself is 1.
            Near(1, Ucum.Convert(1, $"({from})/({from})", "1").Value, 1e-15);
        }, iter: 5_000);

        static string Write((string Code, int Power)[] parts) => string.Join('.', parts.Select(p => p.Power == 1 ? p.Code : string.Create(CultureInfo.InvariantCulture, $"{p.Code}{p.Power}")));
    }

    [Fact]
    public void Special_units_come_back_from_their_proper_unit()
    {
        var special = UcumAtoms.All.Where(a => a.Unit.IsSpecial).ToArray();
        Assert.True(special.Length >= 15);
        Gen.Select(Gen.Int[0, special.Length - 1], Gen.Double[0.01, 14]).Sample((i, value) =>
        {
            var (code, proper) = (special[i].Code, special[i].Unit.Dimension.ToString());
            Near(value, Ucum.Convert(Ucum.Convert(value, code, proper).Value, proper, code).Value, 1e-9);
        }, iter: 2_000);
    }

    [Fact]
    public void Any_text_is_a_unit_or_is_refused()
    {
        var text = Gen.Char["mskgClPa[]{}()./+-0123456789*^%_'dBhinx "].Array[0, 24].Select(c => new string(c));
        text.Sample(t =>
        {
            var read = Ucum.Parse(t);
            Assert.True(read.Ok || read.Problem.Kind == StandardsProblems.UnitMalformed);
        }, iter: 20_000);
    }

    [Fact]
    public void Common_codes_are_units_and_come_back()
    {
        Assert.True(CommonCodes.All.Count >= 100);
        foreach (var (common, ucum) in CommonCodes.All)
        {
            Assert.True(Ucum.Parse(ucum).Ok, $"{common}: {ucum}");
            Assert.Equal(ucum, CommonCodes.ToUcum(common).Value);
            Assert.Equal(common, CommonCodes.FromUcum(ucum).Value);
        }

        Assert.Equal("G51", CommonCodes.FromUcum("l/s").Value);
        Assert.False(CommonCodes.ToUcum("XYZ").Ok);
        Assert.False(CommonCodes.FromUcum("pc/wk").Ok);
    }

    private static void Near(double expected, double actual, double relative) =>
        Assert.True(Math.Abs(expected - actual) <= relative * Math.Max(Math.Abs(expected), 1e-300) || Math.Abs(expected - actual) < 1e-12 && expected == 0, $"{expected:R} ≠ {actual:R}");
}
