using CityHub.Server.CommandLine;

namespace CityHub.Server.Deidentification;

/// <summary>The options of <c>cityhub deidentify</c>; each says for which of its commands it is.</summary>
internal static class DeidentifyOptions
{
    public static readonly Option Out = new("--out", "The result; .csv or .parquet by its name. It appears only when it is complete") { Value = "FILE" };
    public static readonly Option AsJson = new("--json", "The outcome as one line of JSON, for a program");
    public static readonly Option Quiet = new("--quiet", "No progress");
    public static readonly Option Separator = new("--separator", "Of CSV; without it the one that the header has most of") { Value = "CHAR", Allowed = [",", ";", "tab"] };
    public static readonly Option Null = new("--null", "A word in the file that means that there is no value") { Value = "WORD", Repeats = true };

    public static readonly Option Quasi = new("--qi", "fit, explore, evaluate: the quasi-identifiers, with commas between") { Value = "COLUMNS" };
    public static readonly Option Sensitive = new("--sensitive", "fit, evaluate: what must not be learnt of a person; those of the models are known") { Value = "COLUMNS" };
    public static readonly Option Drop = new("--drop", "fit: direct identifiers that are left out") { Value = "COLUMNS" };
    public static readonly Option Keep = new("--keep", "fit, apply: columns that look like direct identifiers and may stay, because somebody has looked") { Value = "COLUMNS" };
    public static readonly Option Cumulative = new("--cumulative", "apply: only all releases together have to pass, not the new file by itself; for receivers who cannot tell which file a record came with");
    public static readonly Option Transform = new("--transform", "fit: done before, as JSON or a file with it: {\"kind\":\"mask\",\"column\":\"phone\",…}") { Value = "JSON|FILE", Repeats = true };
    public static readonly Option Hierarchies = new("--hierarchies", "The hierarchy of each quasi-identifier is the file PREFIX + its name + .csv") { Value = "PREFIX" };
    public static readonly Option HierarchyOf = new("--hierarchy", "Of one column: NAME=FILE, or built: NAME=interval:5, NAME=date, NAME=region, NAME=prefix, NAME=suppress") { Value = "NAME=…", Repeats = true };
    public static readonly Option Levels = new("--levels", "Least and most level of one column") { Value = "NAME=0..2", Repeats = true };
    public static readonly Option Model = new("--model", "What the release has to fulfil: k=5, l=3:occupation, t=0.2:occupation, …") { Value = "MODEL", Repeats = true };
    public static readonly Option Limit = new("--limit", "Share of the records that may be suppressed, 0 to 1; 0 without it") { Value = "SHARE" };
    public static readonly Option Local = new("--local", "fit: generalise each class only as far as it needs; keeps far more, and has no scheme to apply later");
    public static readonly Option Within = new("--within", "fit: end after this time with the best that was found, for lattices too large to be searched") { Value = "TIME" };
    public static readonly Option Scheme = new("--scheme", "fit: where it is written; apply, report: which one. It holds counts of the classes and is not for the receivers") { Value = "FILE" };

    public static readonly Option Original = new("--original", "evaluate, report: the file before, row for row; utility is measured against it") { Value = "FILE" };
    public static readonly Option Register = new("--register", "evaluate: persons with the exact values of the quasi-identifiers, to attack the release with") { Value = "FILE" };
    public static readonly Option Population = new("--population", "How many people the records were drawn from, for population uniqueness") { Value = "N" };
    public static readonly Option PopulationTable = new("--population-table", "fit, explore, evaluate: the people whom the records were drawn from, those of the file among them, with the quasi-identifiers as they are after the transforms; for delta-presence") { Value = "FILE" };
    public static readonly Option Sharing = new("--sharing", "How it is shared (GB/T 37964): 完全公开, 受控公开, 领地公开; public without it") { Value = "TYPE", Allowed = ["public", "controlled", "enclave"] };
    public static readonly Option Attack = new("--attack", "The chance that somebody at the receiver tries to re-identify, 0 to 1, as you assess it; 1 without it") { Value = "SHARE" };
    public static readonly Option Report = new("--report", "fit: the report for the officer who signs, as one HTML file") { Value = "FILE" };
    public static readonly Option Language = new("--language", "Of the report; zh without it") { Value = "LANGUAGE", Allowed = ["zh", "en"] };

    public static readonly Option Dataset = new("--dataset", "Its name, for pseudonyms (which need it), budgets and the report; the file's without it") { Value = "NAME" };
    public static readonly Option Purpose = new("--purpose", "What the release may be used for") { Value = "WORDS" };
    public static readonly Option Receiver = new("--receiver", "Who gets it") { Value = "NAME" };
    public static readonly Option Key = new("--key", "A key for pseudonyms and encryption: NAME=FILE, or NAME:2=FILE for its version 2; a file of 32 bytes that only its owner may read") { Value = "NAME=FILE", Repeats = true };

    public static readonly Option Unit = new("--unit", "dp: the column that says whose row it is") { Value = "COLUMN" };
    public static readonly Option Statistic = new("--statistic", "dp: count, sum, mean, variance, quantile:0.5, top:3; count without it") { Value = "WHAT" };
    public static readonly Option Value = new("--value", "dp: the column of numbers") { Value = "COLUMN" };
    public static readonly Option Bounds = new("--bounds", "dp: known without the data; values outside are moved to them") { Value = "0..120" };
    public static readonly Option By = new("--by", "dp: columns to group by") { Value = "COLUMNS" };
    public static readonly Option Keys = new("--keys", "dp: the groups that are answered, one value for each column of --by") { Value = "A,B", Repeats = true };
    public static readonly Option RowsPerUnit = new("--rows-per-person", "dp: so many rows of a person count in a group; 1 without it") { Value = "N" };
    public static readonly Option GroupsPerUnit = new("--groups-per-person", "dp: in so many groups a person counts; 1 without it") { Value = "N" };
    public static readonly Option Cost = new("--cost", "dp: epsilon=0.1, or epsilon=0.1,delta=1e-6, or rho=0.02") { Value = "COST" };
    public static readonly Option Budget = new("--budget", "dp: the file in which spending is accounted for; it is begun where there is none") { Value = "FILE" };
    public static readonly Option Grant = new("--grant", "dp: sets the limit of this dataset, purpose and receiver, with its reason in --purpose; without a question nothing is answered") { Value = "COST" };

    public static readonly IReadOnlyList<Option> All =
    [
        Out, AsJson, Quiet, Separator, Null, Quasi, Sensitive, Drop, Keep, Cumulative, Transform, Hierarchies, HierarchyOf, Levels, Model, Limit, Local, Within, Scheme, Original, Register, Population, PopulationTable, Sharing, Attack, Report,
        Language, Dataset, Purpose, Receiver, Key, Unit, Statistic, Value, Bounds, By, Keys, RowsPerUnit, GroupsPerUnit, Cost, Budget, Grant,
    ];

    private static readonly Option[] Reading = [AsJson, Quiet, Separator, Null];
    private static readonly Option[] Describing = [Quasi, Sensitive, Hierarchies, HierarchyOf, Levels, Model, Limit, PopulationTable];
    private static readonly Option[] Scoping = [Key, Dataset, Purpose, Receiver];
    private static readonly Option[] Judging = [Population, Sharing, Attack, Report, Language];

    /// <summary>What each command takes; an option that would be passed over is refused instead.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<Option>> Of = new Dictionary<string, IReadOnlyList<Option>>(StringComparer.Ordinal)
    {
        ["scan"] = Reading,
        ["fit"] = [.. Reading, .. Describing, .. Scoping, .. Judging, Out, Drop, Keep, Transform, Local, Within, Scheme],
        ["apply"] = [.. Reading, .. Scoping, Out, Scheme, Keep, Cumulative, Population],
        ["evaluate"] = [.. Reading, .. Describing, .. Scoping, .. Judging, Scheme, Original, Register],
        ["report"] = [.. Reading, .. Describing, .. Scoping, .. Judging, Scheme, Original, Register],
        ["explore"] = [.. Reading, .. Describing, Out],
        ["transform"] = [.. Reading, .. Scoping, Out, Drop, Transform, Quasi, Hierarchies, HierarchyOf],
        ["dp"] = [.. Reading, Dataset, Purpose, Receiver, Unit, Statistic, Value, Bounds, By, Keys, RowsPerUnit, GroupsPerUnit, Cost, Budget, Grant],
        ["transforms"] = [],
    };
}
