namespace CityHub.Ledger;

/// <summary>What became of one witness in a round.</summary>
/// <param name="Cosigned">With a signature that was verified.</param>
/// <param name="Time">Of the cosignature, in seconds since 1970, by the witness's clock.</param>
/// <param name="Why">In a sentence, where it has not cosigned.</param>
/// <param name="Serious">It is not a matter of waiting: the witness contradicts us or itself. A person has to look.</param>
public sealed record WitnessOutcome(PolicyWitness Witness, bool Cosigned, long? Time, string? Why, bool Serious);

/// <summary>A checkpoint after the witnesses of a policy were asked.</summary>
/// <param name="Note">With the cosignatures that came and are good.</param>
/// <param name="Met">Whether they are enough for the policy.</param>
public sealed record WitnessRound(SignedNote Note, bool Met, IReadOnlyList<WitnessOutcome> Outcomes)
{
    /// <summary>Names and reasons of those who are missing, for people; empty where all have cosigned.</summary>
    public string Missing => string.Join("; ", Outcomes.Where(one => !one.Cosigned).Select(one => $"{one.Witness.Name}: {one.Why}"));
}
