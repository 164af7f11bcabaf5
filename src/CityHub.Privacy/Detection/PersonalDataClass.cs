namespace CityHub.Privacy;

/// <summary>What a column is to the person behind a row; the words of GB/T 37964-2019, section 3.</summary>
public enum PersonalDataClass
{
    /// <summary>其他: says little about a person, or names an organisation or a thing.</summary>
    Other,

    /// <summary>敏感: what must not be learnt about a person, such as a disease or a creed.</summary>
    Sensitive,

    /// <summary>准标识符: singles a person out together with others, such as birth date, sex and address.</summary>
    QuasiIdentifier,

    /// <summary>直接标识符: singles a person out alone.</summary>
    DirectIdentifier,
}
