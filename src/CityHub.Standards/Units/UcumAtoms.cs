using System.Collections.Frozen;
using CityHub.Core.Problems;

namespace CityHub.Standards.Units;

/// <param name="IsMetric">Takes prefixes.</param>
/// <param name="Name">In words, for people.</param>
internal sealed record UcumAtom(string Code, bool IsMetric, UcumUnit Unit, string Name);

/// <summary>
/// The units that have a name in UCUM, each with its definition. The codes are UCUM's; the numbers are those of the definitions: SI brochure (2019), the International
/// Yard and Pound Agreement (1959), the US survey foot (1893), ISO 80000, conventional values for the rest. Arbitrary units (§24, e.g. [IU]) are left out: nothing converts to them.
/// </summary>
internal static class UcumAtoms
{
    public static readonly UcumUnit One = new("1", Ratio.One, Dimension.None);

    /// <summary>code · * takes prefixes · number · unit · name.</summary>
    private const string Table = """
        10*   . 10 1 the number ten for arbitrary powers
        10^   . 10 1 the number ten for arbitrary powers
        %     . 1 10*-2 percent
        [ppth] . 1 10*-3 parts per thousand
        [ppm] . 1 10*-6 parts per million
        [ppb] . 1 10*-9 parts per billion
        [pptr] . 1 10*-12 parts per trillion
        mol   * 6.02214076e23 1 mole
        sr    * 1 rad2 steradian
        Hz    * 1 s-1 hertz
        N     * 1 kg.m/s2 newton
        Pa    * 1 N/m2 pascal
        J     * 1 N.m joule
        W     * 1 J/s watt
        A     * 1 C/s ampere
        V     * 1 J/C volt
        F     * 1 C/V farad
        Ohm   * 1 V/A ohm
        S     * 1 Ohm-1 siemens
        Wb    * 1 V.s weber
        T     * 1 Wb/m2 tesla
        H     * 1 Wb/A henry
        lm    * 1 cd.sr lumen
        lx    * 1 lm/m2 lux
        Bq    * 1 s-1 becquerel
        Gy    * 1 J/kg gray
        Sv    * 1 J/kg sievert
        kat   * 1 mol/s katal
        deg   . 2 [pi].rad/360 degree of angle
        gon   . 0.9 deg gon
        '     . 1 deg/60 minute of angle
        ''    . 1 '/60 second of angle
        circ  . 2 [pi].rad full circle
        sph   . 4 [pi].sr full sphere
        l     * 1 dm3 litre
        L     * 1 l litre
        ar    * 100 m2 are
        st    * 1 m3 stere
        min   . 60 s minute
        h     . 60 min hour
        d     . 24 h day
        wk    . 7 d week
        a_t   . 365.24219 d tropical year
        a_j   . 365.25 d mean Julian year
        a_g   . 365.2425 d mean Gregorian year
        a     . 1 a_j year
        mo_s  . 29.53059 d synodal month
        mo_j  . 1 a_j/12 mean Julian month
        mo_g  . 1 a_g/12 mean Gregorian month
        mo    . 1 mo_j month
        t     * 1000 kg tonne
        bar   * 100000 Pa bar
        u     * 1.66053906660e-24 g unified atomic mass unit
        eV    * 1.602176634e-19 J electronvolt
        AU    . 149597870700 m astronomic unit
        pc    * 3.0856775814913673e16 m parsec
        [c]   * 299792458 m/s velocity of light
        [h]   * 6.62607015e-34 J.s Planck constant
        [k]   * 1.380649e-23 J/K Boltzmann constant
        [e]   * 1.602176634e-19 C elementary charge
        [eps_0] * 8.8541878128e-12 F/m permittivity of vacuum
        [mu_0] * 4 [pi].10*-7.N/A2 permeability of vacuum
        [m_e] * 9.1093837015e-28 g electron mass
        [m_p] * 1.67262192369e-24 g proton mass
        [G]   * 6.67430e-11 m3.kg-1.s-2 Newtonian constant of gravitation
        [g]   * 9.80665 m/s2 standard acceleration of free fall
        [ly]  * 1 [c].a_j light-year
        atm   . 101325 Pa standard atmosphere
        gf    * 1 g.[g] gram-force
        att   . 1 kgf/cm2 technical atmosphere
        Ky    * 1 cm-1 kayser
        Gal   * 1 cm/s2 gal
        dyn   * 1 g.cm/s2 dyne
        erg   * 1 dyn.cm erg
        P     * 1 dyn.s/cm2 poise
        Bi    * 10 A biot
        St    * 1 cm2/s stokes
        Mx    * 1e-8 Wb maxwell
        G     * 1e-4 T gauss
        Oe    * 250 /[pi].A/m oersted
        Gb    * 1 Oe.cm gilbert
        sb    * 1 cd/cm2 stilb
        Lmb   * 1 cd/cm2/[pi] lambert
        ph    * 1 lm/cm2 phot
        Ci    * 3.7e10 Bq curie
        R     * 2.58e-4 C/kg roentgen
        RAD   * 100 erg/g radiation absorbed dose
        REM   * 1 RAD radiation equivalent man
        Ao    . 0.1 nm angstrom
        b     . 100 fm2 barn
        mho   * 1 S mho
        [in_i] . 2.54 cm inch
        [ft_i] . 12 [in_i] foot
        [yd_i] . 3 [ft_i] yard
        [mi_i] . 5280 [ft_i] mile
        [fth_i] . 6 [ft_i] fathom
        [nmi_i] . 1852 m nautical mile
        [kn_i] . 1 [nmi_i]/h knot
        [sin_i] . 1 [in_i]2 square inch
        [sft_i] . 1 [ft_i]2 square foot
        [syd_i] . 1 [yd_i]2 square yard
        [cin_i] . 1 [in_i]3 cubic inch
        [cft_i] . 1 [ft_i]3 cubic foot
        [cyd_i] . 1 [yd_i]3 cubic yard
        [bf_i] . 144 [in_i]3 board foot
        [cr_i] . 128 [ft_i]3 cord
        [mil_i] . 0.001 [in_i] mil
        [cml_i] . 1 [pi]/4.[mil_i]2 circular mil
        [hd_i] . 4 [in_i] hand
        [ft_us] . 1200 m/3937 US survey foot
        [yd_us] . 3 [ft_us] US survey yard
        [in_us] . 1 [ft_us]/12 US survey inch
        [rd_us] . 16.5 [ft_us] rod
        [ch_us] . 4 [rd_us] Gunter's chain
        [lk_us] . 1 [ch_us]/100 link
        [fth_us] . 6 [ft_us] US fathom
        [fur_us] . 40 [rd_us] furlong
        [mi_us] . 8 [fur_us] US mile
        [acr_us] . 160 [rd_us]2 acre
        [smi_us] . 1 [mi_us]2 US square mile
        [sct] . 1 [mi_us]2 section
        [twp] . 36 [sct] township
        [gal_us] . 231 [in_i]3 US gallon
        [bbl_us] . 42 [gal_us] barrel of petroleum
        [qt_us] . 1 [gal_us]/4 US quart
        [pt_us] . 1 [qt_us]/2 US pint
        [gil_us] . 1 [pt_us]/4 US gill
        [foz_us] . 1 [gil_us]/4 US fluid ounce
        [fdr_us] . 1 [foz_us]/8 US fluid dram
        [min_us] . 1 [fdr_us]/60 US minim
        [tbs_us] . 1 [foz_us]/2 US tablespoon
        [tsp_us] . 1 [tbs_us]/3 US teaspoon
        [cup_us] . 16 [tbs_us] US cup
        [bu_us] . 2150.42 [in_i]3 US bushel
        [pk_us] . 1 [bu_us]/4 US peck
        [gal_br] . 4.54609 l imperial gallon
        [qt_br] . 1 [gal_br]/4 imperial quart
        [pt_br] . 1 [qt_br]/2 imperial pint
        [gil_br] . 1 [pt_br]/4 imperial gill
        [foz_br] . 1 [gil_br]/5 imperial fluid ounce
        [bu_br] . 8 [gal_br] imperial bushel
        [gr]  . 64.79891 mg grain
        [lb_av] . 7000 [gr] pound
        [oz_av] . 1 [lb_av]/16 ounce
        [dr_av] . 1 [oz_av]/16 dram
        [scwt_av] . 100 [lb_av] short hundredweight
        [lcwt_av] . 112 [lb_av] long hundredweight
        [ston_av] . 20 [scwt_av] short ton
        [lton_av] . 20 [lcwt_av] long ton
        [stone_av] . 14 [lb_av] stone
        [pwt_tr] . 24 [gr] pennyweight
        [oz_tr] . 20 [pwt_tr] troy ounce
        [lb_tr] . 12 [oz_tr] troy pound
        [car_m] . 0.2 g metric carat
        [lbf_av] . 1 [lb_av].[g] pound-force
        [psi] . 1 [lbf_av]/[in_i]2 pound per square inch
        [degR] . 5 K/9 degree Rankine
        cal_[15] * 4.18580 J calorie at 15 °C
        cal_[20] * 4.18190 J calorie at 20 °C
        cal_m * 4.19002 J mean calorie
        cal_IT * 4.1868 J international table calorie
        cal_th * 4.184 J thermochemical calorie
        cal   * 1 cal_th calorie
        [Cal] . 1 kcal_th nutrition label calorie
        [Btu_IT] . 1055.05585262 J international table British thermal unit
        [Btu_th] . 1054.35026444 J thermochemical British thermal unit
        [Btu] . 1 [Btu_th] British thermal unit
        [HP]  . 550 [ft_i].[lbf_av]/s horsepower
        tex   * 1 g/km tex
        [den] . 1 g/9/km denier
        m[H2O] * 9.80665 kPa metre of water column
        m[Hg] * 133.322387415 kPa metre of mercury column
        [in_i'H2O] . 1 m[H2O].[in_i]/m inch of water column
        [in_i'Hg] . 1 m[Hg].[in_i]/m inch of mercury column
        [diop] . 1 /m dioptre
        [mesh_i] . 1 /[in_i] mesh
        [Ch]  . 1 mm/3 French (gauge of catheters)
        [drp] . 1 ml/20 drop
        [MET] . 3.5 mL/min/kg metabolic equivalent
        eq    * 1 mol equivalent
        osm   * 1 mol osmole
        g%    * 1 g/dl gram percent
        [S]   . 1e-13 s Svedberg unit
        U     * 1 umol/min enzyme unit
        bit   * 1 1 bit
        By    * 8 bit byte
        Bd    * 1 /s baud
        [pnt] . 1 [in_i]/72 point
        [pca] . 12 [pnt] pica
        """;

    private static readonly FrozenDictionary<string, UcumAtom> Atoms = Build();

    public static UcumAtom? Find(string code) => Building?.GetValueOrDefault(code) ?? Atoms?.GetValueOrDefault(code);

    public static IEnumerable<UcumAtom> All => Atoms.Values;

    /// <summary>A unit of the same letters in another case.</summary>
    public static string? Near(string name) => Atoms.Keys.FirstOrDefault(k => k.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The table while it is read: each line leans on those above it.</summary>
    [ThreadStatic]
    private static Dictionary<string, UcumAtom>? Building;

    private static FrozenDictionary<string, UcumAtom> Build()
    {
        var atoms = new Dictionary<string, UcumAtom>(StringComparer.Ordinal);
        Building = atoms;
        Base("m", new Dimension(1, 0, 0, 0, 0, 0, 0), "metre");
        Base("s", new Dimension(0, 1, 0, 0, 0, 0, 0), "second");
        Base("g", new Dimension(0, 0, 1, 0, 0, 0, 0), "gram");
        Base("rad", new Dimension(0, 0, 0, 1, 0, 0, 0), "radian");
        Base("K", new Dimension(0, 0, 0, 0, 1, 0, 0), "kelvin");
        Base("C", new Dimension(0, 0, 0, 0, 0, 1, 0), "coulomb");
        Base("cd", new Dimension(0, 0, 0, 0, 0, 0, 1), "candela");
        atoms["[pi]"] = new("[pi]", false, new("[pi]", Ratio.Pi, Dimension.None), "the number pi");
        foreach (var line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
            var unit = Defined(parts[3]);
            atoms[parts[0]] = new(parts[0], parts[1] == "*", new(parts[0], Ratio.Parse(parts[2]) * unit.Factor, unit.Dimension), parts[4]);
        }

        // Table 6 and what UCUM calls levels (§46): a number on a scale of its own, its proper unit, the way there and back.
        Special("Cel", true, "1", "K", "degree Celsius", x => x + 273.15, x => x - 273.15);
        Special("[degF]", false, "1", "K", "degree Fahrenheit", x => (x + 459.67) * 5 / 9, x => x * 9 / 5 - 459.67);
        Special("[degRe]", false, "1", "K", "degree Réaumur", x => x * 1.25 + 273.15, x => (x - 273.15) * 0.8);
        Special("[pH]", false, "1", "mol/l", "pH", x => Math.Pow(10, -x), x => -Math.Log10(x));
        Special("[p'diop]", false, "1", "rad", "prism dioptre", x => Math.Atan(x / 100), x => Math.Tan(x) * 100);
        Special("%[slope]", false, "1", "rad", "percent of slope", x => Math.Atan(x / 100), x => Math.Tan(x) * 100);
        Special("bit_s", false, "1", "1", "bit of information", x => Math.Pow(2, x), Math.Log2);
        Special("[m/s2/Hz^0.5]", false, "1", "m2/s4/Hz", "metre per square second per root hertz", x => x * x, Math.Sqrt);
        Special("Np", true, "1", "1", "neper", Math.Exp, Math.Log);
        Special("B", true, "1", "1", "bel", x => Math.Pow(10, x), Math.Log10);
        Special("B[SPL]", true, "2e-5", "Pa", "bel of sound pressure", x => Math.Pow(10, x / 2), x => 2 * Math.Log10(x));
        Special("B[V]", true, "1", "V", "bel volt", x => Math.Pow(10, x / 2), x => 2 * Math.Log10(x));
        Special("B[mV]", true, "1", "mV", "bel millivolt", x => Math.Pow(10, x / 2), x => 2 * Math.Log10(x));
        Special("B[uV]", true, "1", "uV", "bel microvolt", x => Math.Pow(10, x / 2), x => 2 * Math.Log10(x));
        Special("B[10.nV]", true, "10", "nV", "bel of ten nanovolts", x => Math.Pow(10, x / 2), x => 2 * Math.Log10(x));
        Special("B[W]", true, "1", "W", "bel watt", x => Math.Pow(10, x), Math.Log10);
        Special("B[kW]", true, "1", "kW", "bel kilowatt", x => Math.Pow(10, x), Math.Log10);
        Building = null;
        return atoms.ToFrozenDictionary(StringComparer.Ordinal);

        void Base(string code, Dimension dimension, string name) => atoms[code] = new(code, true, new(code, Ratio.One, dimension), name);

        void Special(string code, bool metric, string number, string unit, string name, Func<double, double> to, Func<double, double> from)
        {
            var proper = Defined(unit);
            atoms[code] = new(code, metric, new(code, Ratio.One, proper.Dimension, new(Ratio.Parse(number) * proper.Factor, to, from)), name);
        }

        // A line that does not read is a mistake of ours in the table above.
        static UcumUnit Defined(string unit) => UcumParser.Parse(unit).TryGet(out var defined, out Problem? problem) ? defined : throw new InvalidOperationException(problem.ToString());
    }
}
