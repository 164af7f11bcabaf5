using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Server.Sharing;

/// <summary>
/// Which data key is a department's: the first one that it unlocks with. The log has a check value (HMAC-SHA256 of the department's name under the key) and never the key, so that a
/// wrong one is told at once and not by rows that cannot be read.
/// </summary>
internal sealed class DataKeyBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, "data-keys")
{
    public const string Enrolled = "DataKeyEnrolled";
    public const string Unlocked = "DataUnlocked";
    public const string Locked = "DataLocked";

    private readonly Dictionary<string, string> _checks = new(StringComparer.Ordinal);
    private readonly Lock _effect = new();

    /// <summary>How often each department was locked since the start.</summary>
    private readonly Dictionary<string, int> _locks = new(StringComparer.Ordinal);

    /// <summary>Before an unlock begins: <see cref="UnlockAsync"/> is told, and gives way to every lock that comes behind it.</summary>
    public int LocksOf(string department)
    {
        lock (_effect)
            return _locks.GetValueOrDefault(department);
    }

    /// <summary>Recorded before the key is of any use. A lock that came while the unlock was under way wins: the key is not taken, and the log says so.</summary>
    /// <param name="locks">As they stood when the unlock began.</param>
    public async ValueTask<Result<Done>> UnlockAsync(string department, byte[] key, string by, int locks, DepartmentKeys keys)
    {
        if (!(await RecordAsync(department, key, by)).TryGet(out _, out var problem))
            return problem;
        lock (_effect)
        {
            if (_locks.GetValueOrDefault(department) == locks)
            {
                keys.Unlock(department, key);
                return Done.Value;
            }
        }

        return (await RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[Said(Locked, department, by)], Done.Value))).Problem
            ?? UnlockProblems.LockedMeanwhile.Because($"{department} was locked while this unlock was under way.", "Ask who locked it; then unlock it anew.");
    }

    /// <summary>Locked first: a fact that cannot be written must not keep the data open.</summary>
    public ValueTask<Result<Done>> LockAsync(string department, string by, DepartmentKeys keys)
    {
        lock (_effect)
        {
            _locks[department] = _locks.GetValueOrDefault(department) + 1;
            keys.Lock(department);
        }

        return RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[Said(Locked, department, by)], Done.Value));
    }

    private ValueTask<Result<bool>> RecordAsync(string department, byte[] key, string by) => RecordAsync<bool>(_ =>
    {
        var check = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes("cityhub data key of " + department)));
        if (!_checks.TryGetValue(department, out var known))
            return ((IReadOnlyList<NewFact>)[Said(Enrolled, department, by, check), Said(Unlocked, department, by)], true);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(known), Encoding.ASCII.GetBytes(check))
            ? ((IReadOnlyList<NewFact>)[Said(Unlocked, department, by)], false)
            : UnlockProblems.WrongKey.Because($"This is not the data key of {department}.", "It is in the folder that cityhub department keys made.");
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type != Enrolled)
            return;
        using var json = JsonDocument.Parse(payload);
        _checks[json.RootElement.GetProperty("department").GetString() ?? ""] = json.RootElement.GetProperty("check").GetString() ?? "";
    }

    private static NewFact Said(string type, string department, string by, string? check = null) => Fact(type, json =>
    {
        json.WriteString("department", department);
        json.WriteString("by", by);
        if (check is not null)
            json.WriteString("check", check);
    });
}

internal static class UnlockProblems
{
    public static readonly ProblemKind LockedMeanwhile = new("data-locked-meanwhile", "The department's data were locked meanwhile", 409);
    public static readonly ProblemKind WrongKey = new("data-key-wrong", "This is not the department's data key", 403);
}
