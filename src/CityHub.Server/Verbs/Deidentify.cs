using CityHub.Privacy;
using CityHub.Server.CommandLine;
using CityHub.Server.Deidentification;

namespace CityHub.Server.Verbs;

/// <summary>De-identifies tables: finds personal data, fits and applies schemes, evaluates releases, answers with differential privacy. Needs no hub.</summary>
internal sealed class Deidentify : IVerb
{
    public string Name => "deidentify";

    public string Summary => "Release tables in which nobody can be singled out";

    public string Arguments => "<scan|fit|apply|evaluate|report|explore|transform|dp|transforms> FILE";

    public IReadOnlyList<Option> Options => DeidentifyOptions.All;

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub deidentify scan residents.csv", "what each column seems to hold, with the evidence"),
        new("cityhub deidentify fit residents.csv --drop name,phone --qi age,sex,town --hierarchy age=interval:5 --hierarchy sex=suppress --hierarchy town=towns.csv --model k=5 --model l=3:diagnosis --limit 0.04 --out release.csv --scheme residents.scheme --report report.html",
            "the least generalisation that passes, the scheme that made it, and the report to sign"),
        new("cityhub deidentify fit residents.csv --drop name,phone --qi age,town --hierarchies towns/ --model k=5 --local --out release.csv", "each class generalised only as far as it needs"),
        new("cityhub deidentify apply august.csv --scheme residents.scheme --out release-august.csv", "next month's records, checked together with all that has been released"),
        new("cityhub deidentify evaluate release.csv --original residents.csv --scheme residents.scheme --population 7800000 --json", "risk, utility and grade of a release"),
        new("cityhub deidentify explore residents.csv --qi age,sex --hierarchies h/ --model k=5 --out lattice.csv", "every generalisation with its exact loss"),
        new("cityhub deidentify dp visits.csv --unit person --by clinic --keys north --keys south --cost epsilon=0.5 --budget budget.jsonl --purpose planning --receiver health --grant epsilon=2", "counts by clinic with noise, from a budget of 2"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        var words = new DeidentifyCall(call);
        try
        {
            words.RequireKnownOptions();
            return call.Arguments switch
            {
                ["scan", ..] => await ScanTable.RunAsync(words, cancel),
                ["fit", ..] => await FitScheme.RunAsync(words, cancel),
                ["apply", ..] => await ApplyScheme.RunAsync(words, cancel),
                ["evaluate", ..] => await EvaluateRelease.RunAsync(words, report: false, cancel),
                ["report", ..] => await EvaluateRelease.RunAsync(words, report: true, cancel),
                ["explore", ..] => await ExploreLattice.RunAsync(words, cancel),
                ["dp", ..] => await AskPrivately.RunAsync(words, cancel),
                ["transform", ..] => await TransformTable.RunAsync(words, cancel),
                ["transforms"] => ListTransforms.Run(words),
                _ => throw new CommandLineException("What shall be done?", $"cityhub deidentify {Arguments}"),
            };
        }
        catch (PrivacyException refused)
        {
            return call.Refuse(DeidentifyProblems.Of(refused.Refusal));
        }
        catch (Exception io) when (io is IOException or UnauthorizedAccessException)
        {
            return call.Refuse(DeidentifyProblems.OutputUnwritable.Because(io.Message, "Nothing else was written."));
        }
        catch (CommandLineException wrong)
        {
            return call.Refuse(UsageProblems.BadCommandLine.Because(wrong.Message, wrong.Hint));
        }
    }
}
