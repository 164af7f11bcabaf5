using System.Globalization;
using System.Text.Json;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary>
/// <c>evaluate FILE</c>: how safe a released file is and what it is still good for, whoever made it; <c>report FILE --report R</c> the same as a report. The columns, hierarchies and models come
/// from <c>--scheme</c>, or from <c>--qi</c>, <c>--hierarchy</c> and <c>--model</c>.
/// </summary>
internal static class EvaluateRelease
{
    public static async Task<int> RunAsync(DeidentifyCall call, bool report, CancellationToken cancel)
    {
        if (report && (call.Text(DeidentifyOptions.Report) is null || call.Text(Original) is null))
            throw new CommandLineException("A report needs --original, which it compares with, and --report, where it goes.");
        var released = await call.ReadAsync(call.File, cancel);
        var original = call.PathOf(Original) is { } path ? await call.ReadAsync(path, cancel) : null;
        var scheme = call.PathOf(Scheme) is { } file ? ApplyScheme.Read(file) : null;
        if (scheme is not null && original is not null)
        {
            if (scheme.Transforms.FirstOrDefault(one => Drawn.Contains(one.Kind)) is { } drawn)
                throw new CommandLineException($"The scheme has {drawn.Kind}, which draws anew each time: the original as it was transformed cannot be made again.", "Evaluate without --original, or give --qi and --model with the transformed table as --original.");
            using var keys = call.ReadKeys();
            using var context = call.Context(scheme.Columns.Select(one => one.Hierarchy).OfType<Hierarchy>(), keys);
            foreach (var transform in scheme.Transforms)
                original = transform.Apply(original, context);
        }

        var names = scheme is null ? call.Names(Quasi) : [.. scheme.QuasiIdentifiers.Select(one => one.Name)];
        var population = await call.ReadPopulationAsync(cancel);
        IReadOnlyList<Hierarchy> hierarchies = scheme is null ? call.ReadHierarchies(original ?? released, names, population) : [.. scheme.QuasiIdentifiers.Select(one => one.Hierarchy).OfType<Hierarchy>()];
        var models = scheme?.Models ?? (call.All(Model).Count > 0 ? call.Models(hierarchies) : []);
        var limit = scheme?.SuppressionLimit ?? call.Share(Limit, 1);
        foreach (var name in names)
            _ = released[name];
        var outcome = new ReleaseOutcome
        {
            Input = original,
            Output = released,
            Columns = scheme?.Columns ?? [.. (original ?? released).Columns.Select(one => new SchemeColumn(
                one.Name, names.Contains(one.Name, StringComparer.Ordinal) ? PersonalDataClass.QuasiIdentifier : call.Names(Sensitive).Contains(one.Name, StringComparer.Ordinal) ? PersonalDataClass.Sensitive : PersonalDataClass.Other))],
            Models = models,
            Transforms = scheme?.Transforms ?? [],
            Hierarchies = [.. names.Select(name => hierarchies.First(one => one.Attribute == name))],
            Levels = scheme is null ? null : [.. scheme.QuasiIdentifiers.Select(one => one.Level)],
            Sharing = call.SharingType,
            AttackProbability = call.Share(Attack, 1),
            Population = call.PopulationSize,
        };
        var check = models.Count > 0 && original is not null
            ? new ReleaseCheck { Input = original, Release = released, QuasiIdentifiers = names, Models = models, SuppressionLimit = limit, Hierarchies = outcome.Hierarchies, Population = population }.Run()
            : null;
        if (scheme is not null && Undeclared(scheme, released) is { } undeclared)
            check = (check ?? new ReleaseVerdict(outcome.Classes.Sizes.Classes, outcome.Classes.Suppressed, [])) is var verdict ? verdict with { Failures = [undeclared, .. verdict.Failures] } : null;
        var utility = original is null ? null : UtilityFigures.Of(original, released, outcome.Hierarchies);
        var attack = call.PathOf(Register) is { } register
            ? LinkageAttack.Run(released, await call.ReadAsync(register, cancel), outcome.Hierarchies, sensitive: [.. outcome.Columns.Where(one => one.Class == PersonalDataClass.Sensitive && released.Find(one.Name) is not null).Select(one => one.Name)])
            : null;
        if (call.Text(DeidentifyOptions.Report) is { } into && ReleaseReport.Write(call, outcome, call.File, into) is { } unwritten)
            return call.Verb.Refuse(unwritten);
        if (call.Json)
            call.Out.WriteLine(JsonLine.Of(json => Write(json, outcome, check, utility, attack)));
        else
            Write(call.Out, outcome, check, utility, attack);
        return check is not { Passes: false } ? Exit.Done : Exit.Failed;
    }

    /// <summary>Transforms whose result is another one each time.</summary>
    private static readonly string[] Drawn = ["noise", "swap", "permute", "rank-swap", "sample", "random-pseudonym", "synthesise", "watermark"];

    /// <summary>A released column that the scheme does not know, or takes out.</summary>
    private static ReleaseFailure? Undeclared(DeidentificationScheme scheme, Table released)
    {
        foreach (var name in released.Columns.Select(one => one.Name))
        {
            var known = scheme.Columns.FirstOrDefault(one => one.Name == name);
            var treated = scheme.Transforms.Any(one => one is ValueTransform value && value.Column == name);
            if (known is null && !scheme.Transforms.Any(one => one is CombineColumns))
                return new ReleaseFailure("columns", $"The column {name} is released and the scheme does not know it.");
            if (known?.Class == PersonalDataClass.DirectIdentifier && !treated)
                return new ReleaseFailure("direct identifiers", $"The column {name} is released, which the scheme takes out.");
        }

        return null;
    }

    private static void Write(Utf8JsonWriter json, ReleaseOutcome outcome, ReleaseVerdict? check, UtilityFigures? utility, LinkageAttack? attack)
    {
        outcome.Write(json);
        if (check is not null)
        {
            json.WriteBoolean("passes", check.Passes);
            json.WriteStartArray("failures");
            foreach (var failure in check.Failures)
                json.WriteStringValue(failure.Detail);
            json.WriteEndArray();
        }

        if (utility is not null)
        {
            json.WriteStartObject("utility");
            foreach (var (name, value) in Figures(utility))
                json.WriteNumber(name, value);
            json.WriteEndObject();
        }

        if (attack is not null)
        {
            json.WriteStartObject("attack");
            json.WriteNumber("persons", attack.Persons);
            json.WriteNumber("withoutCandidate", attack.WithoutCandidate);
            json.WriteNumber("claims", attack.Claims);
            json.WriteNumber("expected", attack.Expected);
            json.WriteNumber("singledOut", attack.SingledOut);
            json.WriteNumber("linked", attack.Linked);
            json.WriteNumber("journalist", attack.Journalist);
            json.WriteNumber("marketer", attack.Marketer);
            json.WriteEndObject();
        }
    }

    private static void Write(TextWriter to, ReleaseOutcome outcome, ReleaseVerdict? check, UtilityFigures? utility, LinkageAttack? attack)
    {
        outcome.Write(to);
        if (check is not null)
            to.WriteLine(check.Passes ? $"It fulfils {string.Join(", ", outcome.Models)}." : $"It does NOT fulfil {check.Failures[0].Rule}: {check.Failures[0].Detail}");
        if (utility is not null)
        {
            foreach (var (name, value) in Figures(utility))
                to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}: {value:0.######}"));
        }

        if (attack is not null)
        {
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"Attacked with a register of {attack.Persons:N0} persons: {attack.Claims:N0} have exactly one candidate, {attack.WithoutCandidate:N0} none; picking at random finds {attack.Expected:N1} at most."));
        }
    }

    private static IEnumerable<(string Name, double Value)> Figures(UtilityFigures utility) =>
    [
        ("loss", utility.Loss), ("granularity", utility.Granularity), ("generalisationIntensity", utility.GeneralisationIntensity), ("nonUniformEntropy", utility.NonUniformEntropy),
        ("missing", utility.Missing), ("discernability", utility.Discernability), ("averageClassSize", utility.AverageClassSize), ("ambiguity", utility.Ambiguity), ("squaredError", utility.SquaredError),
    ];
}
