using CityHub.Core.Problems;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary>
/// <c>fit FILE</c>: transforms, then the least generalisation that passes the models; the released file, the scheme that made it and the report for whoever signs. What leaves has
/// been checked by <see cref="ReleaseCheck"/>, which knows nothing of the search.
/// </summary>
internal static class FitScheme
{
    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        if (call.Has(Local) && (call.Has(Scheme) || call.Has(Within)))
            throw new CommandLineException("--local makes no scheme that could be applied to other data, and needs no --within.", "Leave one of the two out.");
        if (call.Has(DeidentifyOptions.Report) && !call.Has(DeidentifyOptions.Out))
            throw new CommandLineException("A report is about a released file.", "Give the release a name with --out.");
        call.RequireDifferentFiles(DeidentifyOptions.Out, Scheme, DeidentifyOptions.Report);
        var input = await call.ReadAsync(call.File, cancel);
        using var keys = call.ReadKeys();
        var names = call.Names(Quasi);
        var population = await call.ReadPopulationAsync(cancel);
        var hierarchies = call.ReadHierarchies(input, names, population);
        var transforms = call.Transforms();
        using var context = call.Context(hierarchies, keys);
        var table = input;
        foreach (var transform in transforms)
            table = transform.Apply(table, context);
        var models = call.Models(hierarchies);
        if (call.Has(Scheme))
            DeidentificationScheme.RefusePopulation(models);
        var limit = call.Share(Limit, 0);
        var found = call.Has(Local)
            ? Locally(call, table, call.QuasiIdentifiers(names, hierarchies), models, limit, cancel)
            : Globally(call, table, population, call.QuasiIdentifiers(names, hierarchies), models, limit, cancel);
        var used = hierarchies.Where(one => names.Contains(one.Attribute, StringComparer.Ordinal)).ToArray();
        var verdict = new ReleaseCheck
        {
            Input = table, Release = found.Output, Population = population, QuasiIdentifiers = names, Models = models, SuppressionLimit = limit, Hierarchies = used, Levels = found.Levels,
        }.Run();
        if (!verdict.Passes)
            throw new InvalidOperationException($"The search gave what the check refuses: {verdict.Failures[0]}");

        var outcome = new ReleaseOutcome
        {
            Input = table,
            Output = found.Output,
            Columns = Columns(call, input, names, models, hierarchies, found.Levels),
            Models = models,
            Transforms = transforms,
            Hierarchies = used,
            Levels = found.Levels,
            Loss = found.Loss,
            Facts = found.Facts,
            Sharing = call.SharingType,
            AttackProbability = call.Share(Attack, 1),
            Population = call.PopulationSize,
        };
        outcome.RequireNoDirectIdentifier(call.Names(Keep));
        _ = outcome.Grade; // whatever could still be refused is, before the first file is written
        _ = outcome.RiskBefore;
        if (call.PathOf(DeidentifyOptions.Out) is { } file && await TableFile.WriteAsync(found.Output, file, call.SeparatorChar ?? ',', cancel) is { } unwritten)
            return call.Verb.Refuse(unwritten);
        if (call.PathOf(Scheme) is { } schemeFile)
        {
            var scheme = DeidentificationScheme.Of(outcome.Columns, models, limit, found.Loss ?? 0, transforms) with
            {
                Released = ReleasedClasses.Of(found.Output, names, DeidentificationScheme.SensitiveOf(models)),
            };
            var bytes = SchemeCodec.Write(scheme);
            SchemeCodec.Read(bytes);
            if (TableFile.Write(schemeFile, bytes) is { } unkept)
                return call.Verb.Refuse(unkept);
        }

        if (call.Has(DeidentifyOptions.Report) && ReleaseReport.Write(call, outcome, call.PathOf(DeidentifyOptions.Out), call.Required(DeidentifyOptions.Report)) is { } unreported)
            return call.Verb.Refuse(unreported);
        if (call.Json)
            call.Out.WriteLine(JsonLine.Of(outcome.Write));
        else
            outcome.Write(call.Out);
        return Exit.Done;
    }

    private static Found Globally(
        DeidentifyCall call, Table table, Table? population, IReadOnlyList<QuasiIdentifier> quasi, IReadOnlyList<PrivacyModel> models, double limit, CancellationToken cancel)
    {
        if (!call.Verb.Duration(Within.Name, TimeSpan.Zero).TryGet(out var time, out var problem))
            throw new CommandLineException(problem.Detail, problem.Hint);
        var result = new Anonymization
        {
            Table = table,
            Population = population,
            QuasiIdentifiers = quasi,
            Models = models,
            SuppressionLimit = limit,
            Budget = time > TimeSpan.Zero ? new SearchBudget(time, call.Verb.Surroundings.Time) : null,
            Progress = call.Progress("searching"),
        }.Run(cancel);
        if (result.SaysNothing && limit < 1)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.NoSolution, $"Only with every quasi-identifier as * does the table fulfil {string.Join(", ", models)}: nothing of them would be left.",
                "Allow some suppression with --limit, take fewer quasi-identifiers, use --local, or ask for less.", string.Join(", ", models)).ToException();
        }

        return new Found(result.Apply(), result.Levels, result.Loss, [("optimal", result.IsOptimal ? 1 : 0), ("nodes", result.Nodes), ("nodesChecked", result.NodesChecked)]);
    }

    private static Found Locally(DeidentifyCall call, Table table, IReadOnlyList<QuasiIdentifier> quasi, IReadOnlyList<PrivacyModel> models, double limit, CancellationToken cancel)
    {
        var result = new LocalRecoding { Table = table, QuasiIdentifiers = quasi, Models = models, SuppressionLimit = limit, Progress = call.Progress("recoding") }.Run(cancel);
        return new Found(result.Table, null, null, [("granularity", result.Granularity)]);
    }

    private static IReadOnlyList<SchemeColumn> Columns(
        DeidentifyCall call, Table input, IReadOnlyList<string> names, IReadOnlyList<PrivacyModel> models, IReadOnlyList<Hierarchy> hierarchies, IReadOnlyList<int>? levels)
    {
        var sensitive = call.Names(Sensitive).Concat(DeidentificationScheme.SensitiveOf(models)).ToHashSet(StringComparer.Ordinal);
        var dropped = call.Names(Drop);
        foreach (var name in sensitive.Concat(dropped))
            _ = input[name];
        if (names.FirstOrDefault(sensitive.Contains) is { } both)
            throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, $"{both} is quasi-identifier and sensitive at once.", "Whoever can be recognised by it has learnt it already: take it out of one of the two.") { Column = both }.ToException();
        return
        [
            .. input.Columns.Select(column => column.Name).Select(name => names.ToList().IndexOf(name) is >= 0 and var at
                ? new SchemeColumn(name, PersonalDataClass.QuasiIdentifier) { Hierarchy = hierarchies.First(one => one.Attribute == name), Level = levels?[at] ?? 0, Rule = call.RuleOf(name) }
                : new SchemeColumn(name, dropped.Contains(name, StringComparer.Ordinal) ? PersonalDataClass.DirectIdentifier : sensitive.Contains(name) ? PersonalDataClass.Sensitive : PersonalDataClass.Other)
                {
                    // For the models that go by it, and for transforms.
                    Hierarchy = hierarchies.FirstOrDefault(one => one.Attribute == name),
                }),
        ];
    }

    /// <param name="Levels">Null where each class has its own.</param>
    private sealed record Found(Table Output, IReadOnlyList<int>? Levels, double? Loss, IReadOnlyList<(string Name, double Value)> Facts);
}
